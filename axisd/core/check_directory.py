"""What is wrong with a directory before anybody relies on it. Pure: rows in, findings out.

Real directories hold malformed codes, zero-width characters, codes given twice and references that
lead nowhere or in circles (`spec/edxml.md` §6). An ERROR makes routing or trust ambiguous, so the
directory is not used; a WARNING is something the operator should know: a document for such an agency
would be refused, or a name would print badly. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from unicodedata import category

from axisd.core.codes import MAX_LENGTH, derived_twin, is_code
from axisd.core.directory import Agency, System

REFERENCES: Final = ("parent", "successor", "intake")
"""Fields of an agency that name another agency."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is a stable word for scripts; `agency` and `system` index the rows that were checked."""

    severity: Severity
    kind: str
    text: str
    agency: int | None = None
    system: int | None = None


def check(
    agencies: Sequence[Agency],
    systems: Sequence[System],
    *,
    is_local: Callable[[str], bool],
    day: date,
) -> tuple[Finding, ...]:
    """All findings, in the order of the rows. `day`: the date for which reachability is judged."""
    return tuple(_Check(agencies, systems, is_local, day).findings())


class _Check:
    def __init__(
        self,
        agencies: Sequence[Agency],
        systems: Sequence[System],
        is_local: Callable[[str], bool],
        day: date,
    ) -> None:
        self._agencies = agencies
        self._systems = systems
        self._is_local = is_local
        self._day = day
        self._index: dict[str, int] = {}
        for row, agency in enumerate(agencies):
            self._index.setdefault(agency.code, row)
        for row, agency in enumerate(agencies):
            if agency.twin:
                self._index.setdefault(agency.twin, row)
        for row, agency in enumerate(agencies):  # as `Directory` does: what is stated wins
            if agency.twin is None and (twin := derived_twin(agency.code)) is not None:
                self._index.setdefault(twin, row)

    def findings(self) -> Iterator[Finding]:
        for row, agency in enumerate(self._agencies):
            yield from self._codes(row, agency)
            yield from self._dates(row, agency)
            yield from self._references(row, agency)
        for reference in REFERENCES:
            yield from self._cycles(reference)
        served: dict[int, int] = {}
        accounts: dict[str, int] = {}
        for row, system in enumerate(self._systems):
            yield from _account(row, system, accounts)
            yield from self._served(row, system, served)
        yield from self._unreachable(served)

    def _codes(self, row: int, agency: Agency) -> Iterator[Finding]:
        for what, code in (("code", agency.code), ("twin", agency.twin)):
            if code is not None and not is_code(code):
                yield _error("code-malformed", f"{what} {code!a} {_malformed(code)}", agency=row)
        if invisible := _invisible(agency.name):
            yield _warning(
                "name-invisible",
                f"the name of {agency.code} holds {invisible}; remove it",
                agency=row,
            )
        if agency.twin == agency.code:
            yield _error("twin-is-code", f"{agency.code} is its own twin; leave it out", agency=row)
        for code in (agency.code, agency.twin):
            other = self._index.get(code) if code else None
            if other is not None and other != row:
                yield _error(
                    "code-repeated",
                    f"{code} already belongs to {_title(self._agencies[other])}; "
                    "one code stands for one organ: remove or merge one of them",
                    agency=row,
                )

        twin = derived_twin(agency.code)
        other = self._index.get(twin) if twin and twin > agency.code else None
        if other is not None and self._agencies[other].code == twin:
            text = (
                f"{agency.code} and {twin} are one code in two styles, yet two agencies; "
                "if they are one organ, keep one and give the other as its twin"
            )
            yield _warning("twin-apart", text, agency=row)

    def _dates(self, row: int, agency: Agency) -> Iterator[Finding]:
        opened, closed = agency.valid_from, agency.valid_to
        if opened and closed and closed <= opened:
            yield _error(
                "dates-crossed",
                f"{agency.code} would close on {closed} before it opens on {opened}",
                agency=row,
            )
        if agency.successor and not closed:
            yield _warning(
                "successor-unused",
                f"{agency.code} has a successor but no valid_to, so the successor is never used",
                agency=row,
            )

    def _references(self, row: int, agency: Agency) -> Iterator[Finding]:
        for reference in REFERENCES:
            code = _reference(agency, reference)
            if code is None or code in self._index:
                continue
            text = f"{reference} {code!a} of {agency.code} is not in the directory"
            # A parent only says where an agency belongs; the other two decide where documents go.
            severity = Severity.WARNING if reference == "parent" else Severity.ERROR
            yield Finding(severity, "reference-dangling", text, agency=row)

    def _cycles(self, reference: str) -> Iterator[Finding]:
        done: set[int] = set()
        for start in range(len(self._agencies)):
            path: list[int] = []
            row: int | None = start
            while row is not None and row not in done and row not in path:
                path.append(row)
                code = _reference(self._agencies[row], reference)
                row = self._index.get(code) if code else None
            if row is not None and row in path:
                circle = [self._agencies[each].code for each in path[path.index(row) :]]
                yield _error(
                    "cycle",
                    f"{reference} leads in a circle: {' → '.join([*circle, circle[0]])}",
                    agency=row,
                )
            done.update(path)

    def _served(self, row: int, system: System, served: dict[int, int]) -> Iterator[Finding]:
        if not system.agencies:
            yield _warning("system-idle", f"system {system.account} serves no agency", system=row)
        for code in system.agencies:
            agency = self._index.get(code)
            if agency is None:
                text = f"system {system.account} serves {code!a}, which is not in the directory"
                yield _error("system-agency-unknown", text, system=row)
                continue
            other = served.setdefault(agency, row)
            if other != row:
                text = (
                    f"{_title(self._agencies[agency])} is served by {self._systems[other].account} "
                    f"and by {system.account}; one system receives for one agency"
                )
                yield _error("agency-served-twice", text, system=row)
            if not self._agencies[agency].open_on(self._day):
                text = f"system {system.account} serves {code}, which does not hold on {self._day}"
                yield _warning("system-agency-closed", text, system=row)

    def _unreachable(self, served: Mapping[int, int]) -> Iterator[Finding]:
        for row, agency in enumerate(self._agencies):
            if not self._is_local(agency.code) or not agency.open_on(self._day):
                continue
            if not self._reached(row, served):
                yield _warning(
                    "unreachable",
                    f"nobody receives for {_title(agency)}: it has no system, and no intake that has one",
                    agency=row,
                )

    def _reached(self, row: int, served: Mapping[int, int]) -> bool:
        seen: set[int] = set()
        receiver: int | None = row
        while receiver is not None and receiver not in seen:
            if receiver in served:
                return True
            seen.add(receiver)
            intake = self._agencies[receiver].intake
            receiver = self._index.get(intake) if intake else None
        return False


def _account(row: int, system: System, accounts: dict[str, int]) -> Iterator[Finding]:
    if accounts.setdefault(system.account, row) != row:
        text = f"account {system.account} is given twice; one system has one account"
        yield _error("account-repeated", text, system=row)


def _reference(agency: Agency, reference: str) -> str | None:
    return {
        "parent": agency.parent,
        "successor": agency.successor,
        "intake": agency.intake,
    }[reference]


def _malformed(code: str) -> str:
    if invisible := _invisible(code):
        return f"holds {invisible}; remove it"
    if len(code) > MAX_LENGTH:
        return f"has {len(code)} characters; at most {MAX_LENGTH} are allowed"
    return "is not an agency code; write letters and digits in groups joined by dots"


def _invisible(text: str) -> str:
    """The first character that takes no ink where it stands, as U+200B; "" if there is none."""
    for char in text:
        if category(char) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}:
            return f"the invisible character U+{ord(char):04X}"
    return ""


def _title(agency: Agency) -> str:
    return f"{agency.code} ({agency.name})" if agency.name else agency.code


def _error(
    kind: str, text: str, *, agency: int | None = None, system: int | None = None
) -> Finding:
    return Finding(Severity.ERROR, kind, text, agency, system)


def _warning(
    kind: str, text: str, *, agency: int | None = None, system: int | None = None
) -> Finding:
    return Finding(Severity.WARNING, kind, text, agency, system)
