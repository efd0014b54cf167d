"""Taking over a list of agencies from elsewhere: what it would change, and writing it.

The list is CSV with axisd's column names; columns that it lacks keep what the target has (intake,
successors and profiles are ours, names are theirs). The comparison is pure. Writing is atomic: the new
file is complete on disk before it takes the old one's place, and the old one is kept beside it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path

from axisd.config.agencies import COLUMNS, Row
from axisd.config.writing import put
from axisd.core.directory import Agency
from axisd.core.tidy import tidied


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one agency that would read differently; "" stands for empty."""

    code: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changes:
    """`result`: the rows as they would be afterwards, ordered by code. `tidied`: codes of agencies
    whose names came with invisible characters or stray spaces, which were taken out."""

    added: tuple[Agency, ...]
    removed: tuple[Agency, ...]
    changed: tuple[FieldChange, ...]
    tidied: tuple[str, ...]
    result: tuple[Row, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.added or self.removed or self.changed)


def compare(
    target: Sequence[Row], source: Sequence[Row], columns: Sequence[str], *, merge: bool
) -> Changes:
    """What taking `source` over into `target` changes; only `columns` are taken.

    With `merge`, agencies that `source` does not name stay; otherwise they are removed. Of an agency with
    several rows, a list without dates means the latest, and the earlier ones stay.
    """
    tidy = [_tidy(row) for row in source]
    old, new = _by_code(target), _by_code(tidy)
    result: list[Row] = []
    added: list[Row] = []
    removed: list[Row] = []
    changed: list[FieldChange] = []
    for code in sorted(old.keys() | new.keys()):
        mine = old.get(code, [])
        taken = _paired(mine, new.get(code, []), dated="valid_from" in columns)
        for row, place in taken:
            if place is None:
                added.append(row)
                result.append(row)
                continue
            fields_ = {name: getattr(row.agency, name) for name in columns}
            renewed = replace(mine[place].agency, **fields_)
            changed += _changes(mine[place].agency, renewed)
            result.append(replace(row, agency=renewed))
        untouched = [row for at, row in enumerate(mine) if at not in {place for _, place in taken}]
        stays = merge or (code in new and "valid_from" not in columns)
        (result if stays else removed).extend(untouched)
    return Changes(
        added=tuple(row.agency for row in added),
        removed=tuple(row.agency for row in removed),
        changed=tuple(changed),
        tidied=tuple(row.agency.code for row, was in zip(tidy, source, strict=True) if row != was),
        result=tuple(sorted(result, key=lambda row: (row.agency.code, _begins(row)))),
    )


def _by_code(rows: Sequence[Row]) -> dict[str, list[Row]]:
    by_code: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_begins):
        by_code.setdefault(row.agency.code, []).append(row)
    return by_code


def _begins(row: Row) -> date:
    return row.agency.valid_from or date.min


def _paired(old: Sequence[Row], new: Sequence[Row], *, dated: bool) -> list[tuple[Row, int | None]]:
    """Each row of `new` with the place of the row in `old` that it is about; None: it is one more."""
    if not old:
        return [(row, None) for row in new]
    if not dated or (len(old) == len(new) == 1):
        return [(row, len(old) - 1) for row in new]
    places = {_begins(row): place for place, row in enumerate(old)}
    return [(row, places.get(_begins(row))) for row in new]


def columns_of(file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the CSV file `file` that are ours, and those that are not."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header = [cell.strip() for cell in next(csv.reader(stream), [])]
    return (
        tuple(name for name in header if name in COLUMNS),
        tuple(name for name in header if name not in COLUMNS),
    )


def render(agencies: Sequence[Agency]) -> str:
    """The agencies as CSV, in axisd's columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(getattr(agency, name)) for name in COLUMNS] for agency in agencies)
    return text.getvalue()


def write(file: Path, agencies: Sequence[Agency], now: datetime) -> Path:
    """Puts the agencies into `file` and answers with the path of the copy of what was there before.

    Raises OSError; then `file` is as it was.
    """
    backup = file.with_name(f"{file.name}.{now:%Y%m%dT%H%M%S}")
    before = file.read_bytes()
    mode = file.stat().st_mode
    put(backup, before, mode)
    put(file, render(agencies).encode(), mode)
    return backup


def cell(value: object) -> str:
    """A field as it stands in CSV."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _changes(old: Agency, new: Agency) -> list[FieldChange]:
    names = [field.name for field in fields(Agency) if field.name in COLUMNS]
    pairs = [(name, cell(getattr(old, name)), cell(getattr(new, name))) for name in names]
    return [FieldChange(new.code, name, was, now) for name, was, now in pairs if was != now]


def _tidy(row: Row) -> Row:
    name = tidied(row.agency.name)
    return row if name == row.agency.name else replace(row, agency=replace(row.agency, name=name))
