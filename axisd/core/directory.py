"""Agencies, and the systems that serve them: the part of the view that routing and trust ask.

Everything is asked "as of" a date, because codes close and merge (QĐ 09/2025/QĐ-TTg Điều 2) while
old documents carry them for years. Building a directory from configuration is done elsewhere
(`axisd.config`); this module only answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

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
    """One agency code of an organ. `valid_to` is the first day on which the code no longer holds.

    `intake`: the agency that receives on behalf of this one (QC 6.3). `pins`: hex SHA-256 digests of
    certificates (DER) or of public keys (SubjectPublicKeyInfo DER) that may sign for it.
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

    def open_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class System:
    """Connected software: an account and the agencies that it sends and receives for."""

    account: str
    channel: Channel
    agencies: tuple[str, ...]
    profile: Profile = Profile.REQUIRED
    suspended: bool = False

    def serves(self, code: str) -> bool:
        return code in self.agencies


@dataclass(frozen=True, slots=True)
class Directory:
    """Immutable. `agencies` by canonical code; every twin, stated or derived, leads to the same agency."""

    agencies: Mapping[str, Agency]
    systems: Mapping[str, System]
    _by_any_code: Mapping[str, Agency] = field(init=False, repr=False, compare=False)
    _system_of: Mapping[str, System] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A derived twin is plausible, not guaranteed: one that the directory states wins over it, and one
        # that two agencies share (`000.11.00.X` and `000.00.11.X`) stands for neither.
        derived: dict[str, list[Agency]] = {}
        for agency in self.agencies.values():
            if agency.twin is None and (twin := derived_twin(agency.code)) is not None:
                derived.setdefault(twin, []).append(agency)
        by_code = {twin: found[0] for twin, found in derived.items() if len(found) == 1}
        by_code |= {a.twin: a for a in self.agencies.values() if a.twin}
        by_code |= self.agencies
        system_of = {
            by_code[code].code: system
            for system in self.systems.values()
            for code in system.agencies
            if code in by_code
        }
        object.__setattr__(self, "_by_any_code", MappingProxyType(by_code))
        object.__setattr__(self, "_system_of", MappingProxyType(system_of))

    def find(self, code: str) -> Agency | None:
        """The agency with this code or twin, open or closed; None if nobody has it."""
        return self._by_any_code.get(code)

    def canonical(self, code: str) -> str:
        """The one code that stands for the organ behind `code`; `code` itself if unknown."""
        agency = self._by_any_code.get(code)
        return agency.code if agency else code

    def current(self, code: str, day: date) -> Agency | None:
        """The agency that holds on `day`: itself, or the last of its chain of successors. None if none does."""
        seen: set[str] = set()
        agency = self.find(code)
        while agency is not None and not agency.open_on(day):
            if agency.code in seen or agency.successor is None:
                return None
            seen.add(agency.code)
            agency = self.find(agency.successor)
        return agency

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

    def __iter__(self) -> Iterator[Agency]:
        return iter(self.agencies.values())
