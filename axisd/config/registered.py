"""The agencies that systems registered themselves: a CSV that the daemon owns, beside the operators' files.

Its columns are those of a file of agencies, and `system`, the account that registered the agency and serves it. It
need not exist. What an operator has entered into a file of his own is his: the row here is then passed over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from axisd.config.agencies import COLUMNS, AgencyRow, Row
from axisd.config.csvfile import Columns, rows_of
from axisd.config.files import Base
from axisd.config.import_agencies import cell
from axisd.config.model import setting
from axisd.config.problems import problems_of
from axisd.config.systems import Account, Enrolment
from axisd.config.yamlfile import Document
from axisd.core.directory import Agency, Directory, System
from axisd.errors import Problem

SYSTEM: Final = "system"
_COLUMNS: Final = (*COLUMNS, SYSTEM)


class RegisteredRow(AgencyRow):
    """One agency as a system registered it."""

    system: Account = setting("Account of the system that registered it.")


def read_registered(
    file: Path, problems: list[Problem], instead: Mapping[Path, str] | None = None
) -> list[Row]:
    """The rows of `file`, none if there is no file; what is wrong is added to `problems`. `instead`: what files
    are to be read as if they held."""
    text = (instead or {}).get(file)
    if text is None and not _there(file):
        return []
    return list(_rows(file, text, problems))


def render_registered(agencies: Sequence[Agency]) -> str:
    """The rows as the file holds them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for agency in agencies:
        writer.writerow([*(cell(getattr(agency, name)) for name in COLUMNS), agency.registered_by])
    return text.getvalue()


def taken_over(entered: Sequence[Row], registered: Sequence[Row]) -> frozenset[str]:
    """The codes of those that an operator has entered, in either style."""
    if not registered:
        return frozenset()
    known = Directory.of((row.agency for row in entered), ())
    return frozenset(
        row.agency.code for row in registered if known.find(row.agency.code) is not None
    )


def served_too(enrolment: Enrolment, registered: Sequence[Row]) -> Enrolment:
    """The systems, each serving what it registered as well."""
    codes: dict[str, dict[str, None]] = {}
    for row in registered:
        codes.setdefault(row.agency.registered_by, {})[row.agency.code] = None
    return replace(enrolment, systems=tuple(_serving(each, codes) for each in enrolment.systems))


def _serving(system: System, codes: Mapping[str, Mapping[str, None]]) -> System:
    more = codes.get(system.account)
    if more is None:
        return system
    return replace(system, agencies=tuple(dict.fromkeys((*system.agencies, *more))))


def _rows(file: Path, text: str | None, problems: list[Problem]) -> Iterator[Row]:
    table = Columns("registered agencies", _COLUMNS, ("code", "name", SYSTEM))
    for line, content in rows_of(file, table, problems, text):
        document = Document(file, content, {(): line})
        try:
            row = RegisteredRow.model_validate(content, context=Base.of(file))
        except ValidationError as error:
            problems.extend(problems_of(error, document, RegisteredRow))
        else:
            yield Row(replace(row.agency(), registered_by=row.system), str(file), line)


def _there(file: Path) -> bool:
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # what keeps us from it is told when it is opened
    return True
