"""Agencies, and the systems that serve them: the part of the view that routing and trust ask.

Everything is asked "as of" a day, because codes close, merge and split (QĐ 09/2025/QĐ-TTg Điều 2) while
old documents carry them for years. One code may have several rows, one for each time in which something
about it was different; the days are Vietnam's (`axisd.core.zone.day_of`). Every way through the directory
ends after at most as many steps as it has codes, whatever circles it holds. Building a directory from
configuration is done elsewhere (`axisd.config`); this module only answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from axisd.core.allowance import UNLIMITED, Allowance
from axisd.core.codes import derived_twin


class Profile(StrEnum):
    """What is asked of a sender's signature (design: Profiles)."""

    REQUIRED = "required"
    IF_PRESENT = "if-present"
    RECORDED = "recorded"


class Channel(StrEnum):
    """How a system sends and receives."""

    AMQP = "amqp"
    VXP = "vxp"
    EDOC = "edoc"


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency code of an organ, in the time from `valid_from` on and before `valid_to`.

    `successor` takes over when the code closes, and is followed. `choices` are named to the sender, and
    never followed: the parts of an agency that was split, or a successor that nobody has confirmed.
    `intake`: the agency that receives on behalf of this one (QC 6.3). `pins`: hex SHA-256 digests of
    certificates (DER) or of public keys (SubjectPublicKeyInfo DER) that may sign for it. `source`: where
    the row comes from, for people.
    """

    code: str
    name: str
    twin: str | None = None
    kind: str = ""
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    intake: str | None = None
    profile: Profile | None = None
    pins: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()
    source: str = ""
    registered_by: str = ""
    """The account of the system that registered it; "" for what operators entered."""

    def open_on(self, day: date) -> bool:
        return not self.closed_on(day) and (self.valid_from is None or self.valid_from <= day)

    def closed_on(self, day: date) -> bool:
        """Whether its time is over on `day`; one that has yet to come is neither open nor closed."""
        return self.valid_to is not None and self.valid_to <= day

    @property
    def heirs(self) -> tuple[str, ...]:
        """The codes that have to do with its documents once it is closed, as they are written."""
        return (self.successor, *self.choices) if self.successor else self.choices


@dataclass(frozen=True, slots=True)
class System:
    """Connected software: an account and the agencies that it sends and receives for."""

    account: str
    channel: Channel
    agencies: tuple[str, ...]
    profile: Profile = Profile.REQUIRED
    suspended: bool = False
    probe: bool = True
    """Whether the interconnection check places probes in its inboxes."""
    allowance: Allowance = UNLIMITED
    """What it may hand in, and how fast."""
    registers: bool = False
    """Whether it may register agencies below its own (`axisd.core.registration`)."""

    def serves(self, code: str) -> bool:
        return code in self.agencies


@dataclass(frozen=True, slots=True)
class Directory:
    """Immutable. `agencies`: the latest row of each canonical code; `former`: its earlier rows, oldest first.
    Every twin, stated or derived, leads to the same agency."""

    agencies: Mapping[str, Agency]
    systems: Mapping[str, System]
    former: Mapping[str, tuple[Agency, ...]] = field(default_factory=dict)
    _by_any_code: Mapping[str, Agency] = field(init=False, repr=False, compare=False)
    _system_of: Mapping[str, System] = field(init=False, repr=False, compare=False)
    _leading_to: Mapping[str, tuple[Agency, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code = _by_any_code(self.agencies, self.former)
        system_of = {
            by_code[code].code: system
            for system in self.systems.values()
            for code in system.agencies
            if code in by_code
        }
        leading_to: dict[str, list[Agency]] = {}
        for agency in self.rows():
            for code in agency.heirs:
                if code in by_code:
                    leading_to.setdefault(by_code[code].code, []).append(agency)
        object.__setattr__(self, "_by_any_code", MappingProxyType(by_code))
        object.__setattr__(self, "_system_of", MappingProxyType(system_of))
        frozen = {code: tuple(rows) for code, rows in leading_to.items()}
        object.__setattr__(self, "_leading_to", MappingProxyType(frozen))

    @classmethod
    def of(cls, rows: Iterable[Agency], systems: Iterable[System]) -> Directory:
        """From rows in any order, several of one code among them."""
        by_code: dict[str, list[Agency]] = {}
        for agency in rows:
            by_code.setdefault(agency.code, []).append(agency)
        for periods in by_code.values():
            periods.sort(key=_beginning)
        return cls(
            {code: periods[-1] for code, periods in by_code.items()},
            {system.account: system for system in systems},
            {code: tuple(periods[:-1]) for code, periods in by_code.items() if len(periods) > 1},
        )

    def rows(self) -> Iterator[Agency]:
        """Every row of every code, those of one code together, oldest first."""
        for code, agency in self.agencies.items():
            yield from self.former.get(code, ())
            yield agency

    def find(self, code: str) -> Agency | None:
        """The latest row of the agency with this code or twin, open or closed; None if nobody has it."""
        return self._by_any_code.get(code)

    def at(self, code: str, day: date) -> Agency | None:
        """The row that holds on `day`; where none does, the one that ended last before it, else the first."""
        latest = self._by_any_code.get(code)
        former = self.former.get(latest.code) if latest is not None else None
        if latest is None or not former:
            return latest
        rows = (*former, latest)
        begun = [row for row in rows if row.valid_from is None or row.valid_from <= day]
        return begun[-1] if begun else rows[0]

    def canonical(self, code: str) -> str:
        """The one code that stands for the organ behind `code`; `code` itself if unknown."""
        agency = self._by_any_code.get(code)
        return agency.code if agency else code

    def path(self, code: str, day: date) -> tuple[Agency, ...]:
        """The agency behind `code` and the successors that have to be followed on `day`, in order.

        Empty if nobody has the code. The last one is open on `day`, or the way ends there.
        """
        path: dict[str, Agency] = {}
        agency = self.at(code, day)
        while agency is not None and agency.code not in path:
            path[agency.code] = agency
            follow = agency.successor if agency.closed_on(day) else None
            agency = self.at(follow, day) if follow else None
        return tuple(path.values())

    def current(self, code: str, day: date) -> Agency | None:
        """The agency that holds on `day`: itself, or the last of its chain of successors. None if none does."""
        path = self.path(code, day)
        return path[-1] if path and path[-1].open_on(day) else None

    def heirs(self, code: str, day: date) -> tuple[str, ...]:
        """The organs that speak for `code` on `day`: itself, then all that its closed codes led to, nearest
        first: successors, and the choices of a split. Canonical codes; empty if nobody has the code."""
        reached: dict[str, None] = {}
        waiting = [code]
        for each in waiting:
            agency = self.at(each, day)
            if agency is None or agency.code in reached:
                continue
            reached[agency.code] = None
            if agency.closed_on(day):
                waiting.extend(agency.heirs)
        return tuple(reached)

    def forebears(self, code: str, day: date) -> tuple[str, ...]:
        """The closed organs for which `code` speaks on `day`, nearest first, without itself."""
        waiting = [self.canonical(code)]
        for each in waiting:
            waiting += [
                agency.code
                for agency in self._leading_to.get(each, ())
                # A closed row counts until a later one of the same code begins.
                if agency.closed_on(day) and agency is self.at(agency.code, day)
                if agency.code not in waiting
            ]
        return tuple(dict.fromkeys(waiting[1:]))

    def system_of(self, code: str) -> System | None:
        """The system that serves this agency itself (not through an intake)."""
        return self._system_of.get(self.canonical(code))

    def serves(self, account: str, code: str) -> bool:
        """Whether the system behind `account` acts for the organ behind `code`."""
        system = self.systems.get(account)
        if system is None:
            return False
        canonical = self.canonical(code)
        return any(self.canonical(own) == canonical for own in system.agencies)

    def voice(self, account: str, code: str, day: date) -> str | None:
        """The agency that `account` serves and that speaks for `code` on `day`: itself, or the successor of a
        closed code. What is said in the name of `code` is answered there. None if there is none."""
        speaking = [agency.code for agency in self.path(code, day)] or [code]
        return next((each for each in speaking if self.serves(account, each)), None)

    def spoken_for(self, account: str, day: date) -> tuple[str, ...]:
        """Every code in whose name the system behind `account` sends and fetches on `day`: those of the agencies
        that it serves, each of them in both styles, and those of closed agencies for which they speak and
        which no other system serves."""
        system = self.systems.get(account)
        if system is None:
            return ()
        own = [self.canonical(code) for code in system.agencies]
        inherited = (
            former
            for code in own
            for former in self.forebears(code, day)
            if self._system_of.get(former) in {None, system}
        )
        organs = dict.fromkeys((*own, *inherited))
        return tuple(dict.fromkeys(code for organ in organs for code in self._codes_of(organ)))

    def _codes_of(self, canonical: str) -> Iterator[str]:
        agency = self.agencies.get(canonical)
        yield canonical
        if agency is None:
            return
        rows = (*self.former.get(canonical, ()), agency)
        for code in (*(row.twin for row in rows), derived_twin(canonical)):
            if code is not None and self._by_any_code.get(code) is agency:
                yield code

    def __iter__(self) -> Iterator[Agency]:
        return iter(self.agencies.values())


def _beginning(agency: Agency) -> date:
    return agency.valid_from or date.min


def _by_any_code(
    agencies: Mapping[str, Agency], former: Mapping[str, tuple[Agency, ...]]
) -> dict[str, Agency]:
    # A derived twin is plausible, not guaranteed: one that the directory states wins over it, and one
    # that two agencies share (`000.11.00.X` and `000.00.11.X`) stands for neither.
    derived: dict[str, list[Agency]] = {}
    for agency in agencies.values():
        if agency.twin is None and (twin := derived_twin(agency.code)) is not None:
            derived.setdefault(twin, []).append(agency)
    by_code = {twin: found[0] for twin, found in derived.items() if len(found) == 1}
    by_code |= {row.twin: agencies[code] for code in former for row in former[code] if row.twin}
    by_code |= {a.twin: a for a in agencies.values() if a.twin}
    return by_code | dict(agencies)
