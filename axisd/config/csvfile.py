"""Rows from CSV files: a header line names the columns, every mistake becomes a problem with its line.

Cells are trimmed, empty cells and empty rows left out. What the cells mean is for the caller to say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

from axisd.errors import Problem


@dataclass(frozen=True, slots=True)
class Columns:
    """What the header may and must name. `of`: what the rows are, for problems.

    `foreign`: a file made by somebody else, whose further columns are passed over.
    """

    of: str
    known: tuple[str, ...]
    required: tuple[str, ...]
    foreign: bool = False


def rows_of(
    file: Path, columns: Columns, problems: list[Problem], text: str | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """The line and the cells by column of each row; what is wrong is added to `problems`. `text`: what `file` is
    to be read as if it held."""
    try:
        with _opened(file, text) as stream:
            reader = csv.reader(stream, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            wrong = list(_wrong_header(str(file), header, columns))
            problems.extend(wrong)
            line = reader.line_num
            for cells in () if wrong else reader:
                if any(cell.strip() for cell in cells):
                    yield from _row(file, line + 1, header, cells, columns, problems)
                line = reader.line_num
    except OSError as error:
        problems.append(Problem(str(file), 0, f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        problems.append(
            Problem(str(file), 0, f"is not UTF-8 at byte {error.start}; save it as UTF-8")
        )
    except csv.Error as error:
        problems.append(Problem(str(file), 0, f"is not CSV: {error}"))


def _opened(file: Path, text: str | None) -> TextIO:
    if text is not None:
        return io.StringIO(text, newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _wrong_header(file: str, header: list[str], columns: Columns) -> Iterator[Problem]:
    for column in header:
        if column not in columns.known:
            if columns.foreign:
                continue
            close = get_close_matches(column, columns.known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(columns.known)}"
            yield Problem(file, 1, f"{column!r} is not a column of {columns.of}; {hint}")
        elif header.count(column) > 1:
            yield Problem(file, 1, f"column {column!r} is given twice")
    for column in columns.required:
        if column not in header:
            yield Problem(file, 1, f"the column {column!r} is missing")


def _row(
    file: Path,
    line: int,
    header: list[str],
    cells: list[str],
    columns: Columns,
    problems: list[Problem],
) -> Iterator[tuple[int, dict[str, str]]]:
    if len(cells) != len(header):
        text = f"{len(cells)} cells where the header has {len(header)}; quote names with commas"
        problems.append(Problem(str(file), line, text))
        return
    yield (
        line,
        {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=True)
            if name in columns.known and cell.strip()
        },
    )
