"""The national axis's lists of agencies, as rows of ours to be compared with what is configured.

The lists hold the whole country (123,265 entries) and what real directories hold: malformed codes, codes
given twice, names with invisible characters. Only the level-1 codes that are wanted are taken, and level 1
itself; what cannot be used is passed over and said. What is ours stays ours: intake, profile, successors,
dates, a twin that is already known. A deleted agency gets its last day, not removed: old documents carry
its code. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from axisd.config.agencies import Row
from axisd.core.codes import derived_twin, is_code, level1
from axisd.core.directory import Agency, Directory
from axisd.ports import ListedAgency

PLACE: Final = "national axis"
"""Stands where a file's name would."""

_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})", re.ASCII)
_FOUR_GROUPS = re.compile(r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Z0-9]{3}", re.ASCII)


@dataclass(slots=True)
class Taken:
    """`rows`: complete, to be compared in all columns. `passed_over`: sentences."""

    rows: list[Row] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def take(
    lists: Iterable[Iterable[ListedAgency]],
    known: Directory,
    *,
    under: Collection[str],
    day: date,
) -> Taken:
    """The wanted agencies of `lists`, the first of which says most about codes.

    `under`: level-1 codes whose agencies are wanted. `day`: today, for what was deleted without a date.
    """
    taken = Taken()
    merged: dict[str, ListedAgency] = {}
    styles: dict[str, str] = {}
    for listed in lists:
        seen: set[str] = set()
        for agency in listed:
            if not _wanted(agency, under):
                continue
            if unusable := _unusable(agency):
                taken.passed_over.append(unusable)
                continue
            code = styles.get(agency.code) or _canonical(agency, known)
            if code in seen:
                taken.passed_over.append(f"{agency.code} ({agency.name!a}) is listed again")
                continue
            seen.add(code)
            styles |= {agency.code: code} | ({agency.other: code} if agency.other else {})
            merged[code] = _joined(merged[code], agency) if code in merged else agency
    taken.passed_over = list(dict.fromkeys(taken.passed_over))
    taken.rows = [
        Row(_agency(code, agency, known, styles, day), PLACE, 0)
        for code, agency in sorted(merged.items())
    ]
    return taken


def _wanted(agency: ListedAgency, under: Collection[str]) -> bool:
    codes = [code for code in (agency.code, agency.other) if code]
    tops = {level1(code) for code in codes}
    return any(code in tops for code in codes) or not tops.isdisjoint(under) or _is_top(codes)


def _is_top(codes: Iterable[str]) -> bool:
    """Whether one of `codes` is a level-1 code in four groups."""
    return any(derived_twin(code) == level1(code) is not None for code in codes)


def _unusable(agency: ListedAgency) -> str:
    for code in (agency.code, agency.other):
        if code and not is_code(code):
            return f"{code!a} ({agency.name!a}) is not an agency code"
    if not agency.code or not agency.name.strip():
        return f"{agency.code!a} has no code or no name"
    return ""


def _canonical(agency: ListedAgency, known: Directory) -> str:
    """Our code for it; of a new agency the one in four groups, as the shipped list has them."""
    codes = [code for code in (agency.code, agency.other) if code]
    ours = next((found for code in codes if (found := known.find(code))), None)
    if ours is not None:
        return ours.code
    return next((code for code in codes if _FOUR_GROUPS.fullmatch(code)), codes[0])


def _joined(first: ListedAgency, second: ListedAgency) -> ListedAgency:
    return replace(
        first,
        other=first.other or second.other,
        parent=first.parent or second.parent,
        deleted=first.deleted or second.deleted,
        modified=first.modified or second.modified,
    )


def _agency(
    code: str,
    listed: ListedAgency,
    known: Directory,
    styles: Mapping[str, str],
    day: date,
) -> Agency:
    ours = known.find(code)
    agency = ours or Agency(code, listed.name, source=PLACE)
    other = next((each for each in (listed.code, listed.other) if each and each != code), None)
    parent = listed.parent and (styles.get(listed.parent) or known.canonical(listed.parent))
    closes = agency.valid_to
    if listed.deleted and closes is None:
        closes = _day_of(listed.modified) or day
    return replace(
        agency,
        name=listed.name,
        twin=agency.twin or other,
        parent=agency.parent or (parent if parent and parent != code else None),
        valid_to=closes,
    )


def _day_of(text: str) -> date | None:
    found = _DAY.match(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def missing(
    known: Directory, rows: Iterable[Row], *, under: Collection[str], day: date
) -> Iterator[Agency]:
    """Agencies of ours under the wanted codes, open on `day`, that the national axis does not list."""
    listed = {row.agency.code for row in rows}
    for agency in known:
        if agency.code not in listed and agency.open_on(day) and level1(agency.code) in under:
            yield agency
