"""From the files of agencies and systems to the core's `Directory`.

All files are read and all mistakes collected before anything is decided. An error of
`axisd.core.check_directory` becomes a problem and there is no directory; a warning is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from axisd.config.agencies import Row, read_agencies
from axisd.config.model import DirectorySettings
from axisd.config.registered import read_registered, served_too, taken_over
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
    """What the files say, row by row, those that systems registered behind the others, and the systems with what
    they registered. `taken_over`: the rows of those that operators have entered too, which do not count.
    `enrolled`: the systems as their file has them."""

    rows: tuple[Row, ...]
    enrolment: Enrolment
    taken_over: tuple[Row, ...]
    enrolled: Enrolment

    @classmethod
    def of(
        cls, entered: Sequence[Row], enrolled: Enrolment, registered: Sequence[Row] = ()
    ) -> Sources:
        """`entered`: the rows of the operators' files; `registered`: those that systems registered."""
        over = taken_over(entered, registered)
        counting = [row for row in registered if row.agency.code not in over]
        return cls(
            rows=(*entered, *counting),
            enrolment=served_too(enrolled, counting),
            taken_over=tuple(row for row in registered if row.agency.code in over),
            enrolled=enrolled,
        )

    @property
    def entered(self) -> tuple[Row, ...]:
        """The rows of the operators' files."""
        return tuple(row for row in self.rows if not row.agency.registered_by)

    def with_entered(self, rows: Sequence[Row]) -> Sources:
        """The same with other rows in the operators' files."""
        registered = [row for row in self.rows if row.agency.registered_by]
        return Sources.of(rows, self.enrolled, [*registered, *self.taken_over])

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
    named: DirectorySettings,
    problems: list[Problem],
    instead: Mapping[Path, str] | None = None,
) -> Sources:
    """Reads all files; what is wrong with each alone is added to `problems`. `instead`: what the file of systems,
    files of secrets and the file of registered agencies are to be read as if they held."""
    entered = [row for file in named.agencies for row in read_agencies(file, problems)]
    enrolment = read_systems(named.systems, problems, instead)
    if named.registered is None:
        return Sources.of(entered, enrolment)
    return Sources.of(entered, enrolment, read_registered(named.registered, problems, instead))


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
