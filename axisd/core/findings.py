"""What a check of the directory finds: one value for each thing, with the words that checks share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.core.directory import Agency

REFERENCES: Final = ("parent", "successor", "intake")
"""Fields of an agency that name one other agency."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is a stable word for scripts; `text` ends with how to mend it; `agency` and `system` index the
    rows that were checked."""

    severity: Severity
    kind: str
    text: str
    agency: int | None = None
    system: int | None = None


def error(kind: str, text: str, *, agency: int | None = None, system: int | None = None) -> Finding:
    """The directory cannot be used with it."""
    return Finding(Severity.ERROR, kind, text, agency, system)


def warning(
    kind: str, text: str, *, agency: int | None = None, system: int | None = None
) -> Finding:
    """The operator should know."""
    return Finding(Severity.WARNING, kind, text, agency, system)


def reference(agency: Agency, name: str) -> str | None:
    """The code in one of `REFERENCES`."""
    return {
        "parent": agency.parent,
        "successor": agency.successor,
        "intake": agency.intake,
    }[name]


def title(agency: Agency) -> str:
    """Code and name, as findings call an agency."""
    return f"{agency.code} ({agency.name})" if agency.name else agency.code
