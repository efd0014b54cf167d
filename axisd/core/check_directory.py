"""What is wrong with a directory before anybody relies on it. Pure: rows in, findings out.

Real directories hold malformed codes, zero-width characters, codes given twice and references that
lead nowhere or in circles (`spec/edxml.md` §6). An ERROR makes routing or trust ambiguous, so the
directory is not used; a WARNING is something the operator should know: a document for such an agency
would be refused, or a name would print badly. What has to do with dates is in `axisd.core.check_periods`.
Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from unicodedata import category

from axisd.core.check_periods import check_periods
from axisd.core.codes import MAX_LENGTH, derived_twin, is_code, level1
from axisd.core.directory import Agency, Directory, System
from axisd.core.findings import REFERENCES, Finding, Severity, error, reference, title, warning


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
        self._directory = Directory.of(agencies, systems)
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
            yield from self._twins(row, agency)
            yield from self._references(row, agency)
            yield from self._above(row, agency)
        yield from check_periods(self._agencies, self._directory, self._day)
        served: dict[str, int] = {}
        accounts: dict[str, int] = {}
        for row, system in enumerate(self._systems):
            yield from _account(row, system, accounts)
            yield from self._served(row, system, served)
        yield from self._unreachable(served)

    def _codes(self, row: int, agency: Agency) -> Iterator[Finding]:
        for what, code in (("code", agency.code), ("twin", agency.twin)):
            if code is not None and not is_code(code):
                yield error("code-malformed", f"{what} {code!a} {_malformed(code)}", agency=row)
        if invisible := _invisible(agency.name):
            yield warning(
                "name-invisible",
                f"the name of {agency.code} holds {invisible}; remove it",
                agency=row,
            )
        for code in (agency.code, agency.twin):
            other = self._index.get(code) if code else None
            if other is not None and self._agencies[other].code != agency.code:
                yield error(
                    "code-repeated",
                    f"{code} already belongs to {title(self._agencies[other])}; "
                    "one code stands for one organ: remove or merge one of them",
                    agency=row,
                )

    def _twins(self, row: int, agency: Agency) -> Iterator[Finding]:
        code, stated = agency.code, agency.twin
        if stated == code:
            yield error("twin-is-code", f"{code} is its own twin; leave it out", agency=row)
        tops = level1(code), level1(stated or code)
        if stated and None not in tops and tops[0] != tops[1]:
            text = (
                f"the twin {stated} of {code} belongs under {tops[1]}, the code under {tops[0]}; "
                "twins are one organ: correct the twin, or make it the successor"
            )
            yield warning("twin-contradicts", text, agency=row)
        twin = derived_twin(code)
        other = self._index.get(twin) if twin and twin > code else None
        if other is not None and self._agencies[other].code == twin:
            text = (
                f"{code} and {twin} are one code in two styles, yet two agencies; "
                "if they are one organ, keep one and give the other as its twin"
            )
            yield warning("twin-apart", text, agency=row)

    def _references(self, row: int, agency: Agency) -> Iterator[Finding]:
        named = [(name, reference(agency, name)) for name in REFERENCES]
        for name, code in (*named, *(("choice", choice) for choice in agency.choices)):
            if code is None or code in self._index:
                continue
            text = (
                f"{name} {code!a} of {agency.code} is not in the directory; "
                "add that agency, or correct the code"
            )
            # A parent only says where an agency belongs, and choices are only named; the other two
            # decide where documents go.
            severity = Severity.ERROR if name in {"successor", "intake"} else Severity.WARNING
            yield Finding(severity, "reference-dangling", text, agency=row)

    def _above(self, row: int, agency: Agency) -> Iterator[Finding]:
        """An agency that is open although the one above it is closed."""
        parent = self._directory.at(agency.parent, self._day) if agency.parent else None
        if parent is not None and parent.closed_on(self._day) and agency.open_on(self._day):
            text = (
                f"{title(agency)} is open, but {parent.code} above it closed on {parent.valid_to}; "
                "give it valid_to and successor, or its new parent"
            )
            yield warning("outlives-parent", text, agency=row)

    def _served(self, row: int, system: System, served: dict[str, int]) -> Iterator[Finding]:
        if not system.agencies:
            text = f"system {system.account} serves no agency; enter its codes, or take it out"
            yield warning("system-idle", text, system=row)
        for code in system.agencies:
            agency = self._directory.at(code, self._day)
            if agency is None:
                text = (
                    f"system {system.account} serves {code!a}, which is not in the directory; "
                    "add the agency, or correct the code"
                )
                yield error("system-agency-unknown", text, system=row)
                continue
            other = served.setdefault(agency.code, row)
            if other != row:
                text = (
                    f"{title(agency)} is served by {self._systems[other].account} "
                    f"and by {system.account}; one system receives for one agency"
                )
                yield error("agency-served-twice", text, system=row)
            # One that the system registered and closed itself stays its own: nobody has to see to it.
            if not agency.open_on(self._day) and not agency.registered_by:
                yield self._served_in_vain(row, system, agency)

    def _served_in_vain(self, row: int, system: System, agency: Agency) -> Finding:
        current = self._directory.current(agency.code, self._day)
        if not agency.closed_on(self._day):
            mend = f"which holds only from {agency.valid_from} on; nothing to mend if that is meant"
        elif current is None:
            mend = f"closed since {agency.valid_to}; it may only send statuses: name its successor"
        elif self._directory.serves(system.account, current.code):
            mend = f"closed since {agency.valid_to}; keep it for late statuses, then take it out"
        else:
            mend = f"closed since {agency.valid_to}; let it serve {current.code} instead"
        text = f"system {system.account} serves {title(agency)}, {mend}"
        return warning("system-agency-closed", text, system=row)

    def _unreachable(self, served: Mapping[str, int]) -> Iterator[Finding]:
        for row, agency in enumerate(self._agencies):
            if not self._is_local(agency.code) or not agency.open_on(self._day):
                continue
            if not self._reached(agency, served):
                yield warning(
                    "unreachable",
                    f"nobody receives for {title(agency)}: it has no system, and no intake that has one; "
                    "enter the office that receives for it as its intake",
                    agency=row,
                )

    def _reached(self, agency: Agency, served: Mapping[str, int]) -> bool:
        seen: set[str] = set()
        receiver: Agency | None = agency
        while receiver is not None and receiver.code not in seen:
            if receiver.code in served:
                return True
            seen.add(receiver.code)
            intake = receiver.intake
            receiver = self._directory.current(intake, self._day) if intake else None
        return False


def _account(row: int, system: System, accounts: dict[str, int]) -> Iterator[Finding]:
    if accounts.setdefault(system.account, row) != row:
        text = f"account {system.account} is given twice; one system has one account: join the rows"
        yield error("account-repeated", text, system=row)


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
