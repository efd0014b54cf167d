"""Agencies from files: CSV (a header line names the columns) or YAML (a list under `agencies`).

Every row becomes an `Agency` with the file and line it came from. A code may have several rows, one for
each time in which something about it is different. What cannot be read becomes a problem and leaves its
row out; whether the rows make sense together is for `axisd.core.check_directory` to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BeforeValidator, ValidationError, ValidationInfo

from axisd.config.csvfile import Columns, rows_of
from axisd.config.files import Base, read_certificates
from axisd.config.model import Section, setting
from axisd.config.problems import problems_of
from axisd.config.units import Called
from axisd.config.yamlfile import Document, parse
from axisd.core.directory import Agency, Profile
from axisd.errors import Problem

COLUMNS: Final = (
    "code",
    "twin",
    "name",
    "kind",
    "parent",
    "valid_from",
    "valid_to",
    "successor",
    "choices",
    "intake",
    "profile",
    "source",
)
"""Columns of an agencies file in CSV, in the order in which axisd writes them."""

_REQUIRED: Final = ("code", "name")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A pinned certificate or public key. `until`: when the certificate expires, where its file was given."""

    digest: str
    file: Path | None = None
    until: datetime | None = None


def _pin(value: object, validation: ValidationInfo) -> Pinned:
    """A digest as it is, or the digest of the first certificate in the file that `value` names."""
    if isinstance(value, Pinned):
        return value
    text = str(value)
    digest = text.lower().removeprefix("sha256:").replace(":", "")
    if _DIGEST.fullmatch(digest):
        return Pinned(digest)
    base = validation.context
    assert isinstance(base, Base), "pins are read with a Base as context"
    file = base.path(text)
    leaf = read_certificates(file).certificates[0]
    digest = hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()
    return Pinned(digest, file, leaf.not_valid_after_utc)


def _codes(value: object) -> object:
    """A cell of CSV: codes with spaces between them."""
    return tuple(value.split()) if isinstance(value, str) else value


Pin = Annotated[Pinned, BeforeValidator(_pin), Called("PEM file or SHA-256")]
"""Hex SHA-256 of a certificate or public key (DER), or a PEM file whose first certificate is meant."""

Codes = Annotated[
    tuple[str, ...], BeforeValidator(_codes), Called("agency codes with spaces between them")
]


class AgencyRow(Section):
    """One agency as files give it. Empty means not known."""

    code: str = setting("The code of the agency.", min_length=1)
    name: str = setting("Its name.", min_length=1)
    twin: str | None = setting("The same organ's code in the other style.", default=None)
    kind: str = setting("What it is: ministry, department, commune …", default="")
    parent: str | None = setting("Code of the agency above it.", default=None)
    valid_from: date | None = setting("First day on which the code holds.", default=None)
    valid_to: date | None = setting("First day on which it no longer holds.", default=None)
    successor: str | None = setting("Code that takes over from valid_to on.", default=None)
    choices: Codes = setting(
        "Codes to be named instead of it, and never followed: the parts of an agency that was split, or "
        "a successor that nobody has confirmed.",
        default=(),
    )
    intake: str | None = setting(
        "Code of the office that receives for it (QC Điều 6.3).", default=None
    )
    profile: Profile | None = setting(
        "What is asked of its signatures, where it differs from its system's.", default=None
    )
    certificates: tuple[Pin, ...] = setting(
        "What it signs with: PEM files, or hex SHA-256 of a certificate or public key.", default=()
    )

    source: str = setting("Where the row comes from, for people.", default="")

    def agency(self) -> Agency:
        """The value that the core works with."""
        fields = {name: getattr(self, name) for name in COLUMNS}
        return Agency(**fields, pins=frozenset(pin.digest for pin in self.certificates))


class AgenciesFile(Section):
    """An agencies file in YAML."""

    agencies: tuple[AgencyRow, ...] = setting("The agencies.")


@dataclass(frozen=True, slots=True)
class Row:
    """An agency and where it is written. `pinned`: its pins, as the file gives them."""

    agency: Agency
    file: str
    line: int
    pinned: tuple[Pinned, ...] = ()

    def problem(self, text: str) -> Problem:
        """A problem at this row."""
        return Problem(self.file, self.line, text)


def read_agencies(file: Path, problems: list[Problem], *, foreign: bool = False) -> list[Row]:
    """The rows of `file`; what is wrong is added to `problems`.

    `foreign`: a list made by somebody else, whose further columns are passed over.
    """
    if file.suffix.lower() in {".yaml", ".yml"}:
        return list(_from_yaml(file, problems))
    return list(_from_csv(file, problems, foreign=foreign))


def _from_yaml(file: Path, problems: list[Problem]) -> Iterator[Row]:
    document = parse(file)
    problems.extend(document.problems)
    try:
        content = AgenciesFile.model_validate(document.content, context=Base.of(file))
    except ValidationError as error:
        problems.extend(problems_of(error, document, AgenciesFile))
        return
    for index, row in enumerate(content.agencies):
        line = document.line(("agencies", index))
        yield Row(row.agency(), str(file), line, row.certificates)


def _from_csv(file: Path, problems: list[Problem], *, foreign: bool) -> Iterator[Row]:
    table = Columns("agencies", COLUMNS, _REQUIRED, foreign=foreign)
    for line, content in rows_of(file, table, problems):
        document = Document(file, content, {(): line})
        try:
            row = AgencyRow.model_validate(content, context=Base.of(file))
        except ValidationError as error:
            problems.extend(problems_of(error, document, AgencyRow))
        else:
            yield Row(row.agency(), str(file), line)
