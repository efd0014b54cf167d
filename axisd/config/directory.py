"""From the files of agencies and systems to the core's `Directory`.

All files are read and all mistakes collected before anything is decided. An error of
`axisd.core.check_directory` becomes a problem and there is no directory; a warning is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from axisd.config.agencies import Row, read_agencies
from axisd.config.systems import Enrolment, read_systems
from axisd.core.check_directory import check
from axisd.core.directory import Agency, Directory
from axisd.core.findings import Finding, Severity
from axisd.errors import Problem


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with the place it is about."""

    kind: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Sources:
    """What the files say, row by row."""

    rows: tuple[Row, ...]
    enrolment: Enrolment

    def remark(self, finding: Finding) -> Remark:
        """The finding at the line of the row that it is about."""
        if finding.agency is not None:
            return Remark(finding.kind, self.rows[finding.agency].problem(finding.text))
        assert finding.system is not None, "a finding is about an agency or a system"
        return Remark(finding.kind, self.enrolment.problem(finding.system, finding.text))

    def directory(self) -> Directory:
        """The directory, as it is; meaningful only when the check found no error."""
        agencies, systems = [row.agency for row in self.rows], self.enrolment.systems
        if not self.enrolment.pins:
            return Directory.of(agencies, systems)
        known = Directory.of(agencies, systems)
        pins: dict[str, frozenset[str]] = {}
        for _, code, pinned in self.enrolment.pins:
            canonical = known.canonical(code)
            digests = frozenset(pin.digest for pin in pinned)
            pins[canonical] = pins.get(canonical, frozenset()) | digests
        return Directory.of((_pinned(agency, pins) for agency in agencies), systems)


def read_sources(
    agencies: Iterable[Path],
    systems: Path,
    problems: list[Problem],
    instead: Mapping[Path, str] | None = None,
) -> Sources:
    """Reads all files; what is wrong with each alone is added to `problems`. `instead`: see `read_systems`."""
    rows = tuple(row for file in agencies for row in read_agencies(file, problems))
    return Sources(rows, read_systems(systems, problems, instead))


def examine(
    sources: Sources, *, is_local: Callable[[str], bool], day: date
) -> tuple[list[Remark], list[Remark]]:
    """Errors and warnings about the rows taken together."""
    findings = check(
        [row.agency for row in sources.rows], sources.enrolment.systems, is_local=is_local, day=day
    )
    errors = [sources.remark(item) for item in findings if item.severity is Severity.ERROR]
    warnings = [sources.remark(item) for item in findings if item.severity is Severity.WARNING]
    return errors, warnings


def _pinned(agency: Agency, pins: Mapping[str, frozenset[str]]) -> Agency:
    return replace(agency, pins=agency.pins | pins.get(agency.code, frozenset()))
