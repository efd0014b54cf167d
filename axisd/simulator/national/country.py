"""A country for the simulated axis: several centres and their agencies, made of those that ship with axisd.

The province that the directory knows in full, and the ministry, have their agencies as listed. Every other
centre is drawn from the open codes of level 1, and its agencies are made after the pattern of that province,
or of that ministry: the same places in the tree, the other name. Names and codes are plausible, not true. The
same number and the same dice give the same country.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from axisd.core.codes import derived_twin, level1
from axisd.core.directory import Agency as Listed
from axisd.simulator.national.seed import Agency

PROVINCE: Final = "00.53.W00"
MINISTRY: Final = "00.14.W00"
LISTED: Final = {PROVINCE: ("Tây Ninh", ("H53", "A53")), MINISTRY: ("Bộ", ("G14",))}
"""Centres whose agencies are listed: the axis under test, and a peer; with their codes of level 1."""

_ALREADY: Final = frozenset(code for _, codes in LISTED.values() for code in codes)
_KINDS: Final = {"H": ("00", PROVINCE), "G": ("01", MINISTRY)}
"""By the letter of a code of level 1: how its centre's code begins, and whose agencies are its pattern."""
_RENAMED: Final = {"00.14.W00": "02.14.W00"}
"""A province whose centre would have the code of the ministry that is here already."""
_PROVINCE_WORDS: Final = ("UBND tỉnh ", "UBND thành phố ", "UBND Thành phố ")
_PATTERN_NAMES: Final = ("Tây Ninh", "Bộ Thông tin và Truyền thông", "Bộ Thông tin truyền thông")
_PRESENT: Final = 0.85


@dataclass(frozen=True, slots=True)
class Body:
    """A centre to be: its code, its name, and the agencies under it."""

    system_id: str
    name: str
    agencies: tuple[Agency, ...]


def country(
    listed: Iterable[Listed], first_level: Iterable[Listed], centres: int, dice: int
) -> Sequence[Body]:
    """`centres` bodies, at least the two that are listed, and as many of the open codes of `first_level` as
    there are. `listed`: all agencies that are known."""
    listed = tuple(listed)
    patterns = {
        centre: [_as_listed(agency, centre) for agency in listed if level1(agency.code) in codes]
        for centre, (_, codes) in LISTED.items()
    }
    bodies = [Body(centre, name, tuple(patterns[centre])) for centre, (name, _) in LISTED.items()]
    for head in _drawn(first_level, centres - len(bodies), dice):
        kind, pattern = _KINDS[(head.twin or "")[0]]
        centre = f"{kind}.{(head.twin or '')[1:]}.W00"
        centre = _RENAMED.get(centre, centre)
        made = _after(patterns[pattern], head, centre, dice)
        bodies.append(Body(centre, _short(head.name), tuple(made)))
    return bodies


def _drawn(first_level: Iterable[Listed], number: int, dice: int) -> list[Listed]:
    """`number` of the heads that are open and not listed already, in the order of their codes."""
    heads = [
        head
        for head in first_level
        if head.twin
        and head.twin[0] in _KINDS
        and head.twin not in _ALREADY
        and head.valid_to is None
        and level1(head.code) == head.twin
    ]
    drawn = sorted(heads, key=lambda head: _luck(dice, head.code))[: max(number, 0)]
    return sorted(drawn, key=lambda head: head.code)


def _after(pattern: Sequence[Agency], head: Listed, centre: str, dice: int) -> Iterator[Agency]:
    """The head of a body, and of the pattern's other agencies those that the dice leave in."""
    top = head.twin or ""
    yield Agency(code=head.code, centre=centre, twin=top, name=head.name)
    own = LISTED[pattern[0].centre][1][0]
    parents = {agency.parent for agency in pattern}
    tops = {agency.code for agency in pattern if not agency.parent}
    for agency in pattern:
        code = f"{agency.code[:-3]}{top}"
        if code == head.code or not agency.code.endswith(own):
            continue
        lowest = agency.code not in parents and agency.parent not in tops
        if lowest and _luck(dice, code) >= _PRESENT:
            continue
        yield Agency(
            code=code,
            centre=centre,
            twin=derived_twin(code) or "",
            name=_renamed(agency.name, _short(head.name)),
            parent=f"{agency.parent[:-3]}{top}" if agency.parent else "",
        )


def _as_listed(agency: Listed, centre: str) -> Agency:
    return Agency(
        code=agency.code,
        centre=centre,
        twin=agency.twin or derived_twin(agency.code) or "",
        name=agency.name,
        parent=agency.parent or "",
    )


def _short(name: str) -> str:
    """`UBND tỉnh An Giang` → `An Giang`."""
    for words in _PROVINCE_WORDS:
        name = name.removeprefix(words)
    return name


def _renamed(name: str, body: str) -> str:
    for old in _PATTERN_NAMES:
        name = name.replace(old, body)
    return name if body in name else f"{name} ({body})"


def _luck(dice: int, code: str) -> float:
    digest = hashlib.sha256(f"{dice}|{code}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / (1 << 64)
