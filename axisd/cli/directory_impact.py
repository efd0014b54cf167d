"""What a change of the directory would break, told before it is made.

Compares two directories as of a day: who would be reached in another way or not at all, which systems and
pins would speak for nobody, what still waits in the outbox for agencies that close or vanish, and what the
check finds that it did not find before. Values alone; who prints them is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from axisd.config.directory import Remark
from axisd.core.directory import Agency, Directory
from axisd.core.records import OutboxSummary
from axisd.core.routing import Leg, plan
from axisd.core.view import View


@dataclass(frozen=True, slots=True)
class Impact:
    """One thing that the change does to what is in use. `kind` is a stable word for scripts."""

    kind: str
    code: str
    text: str


def impacts(
    before: View,
    after: Directory,
    backlog: Sequence[OutboxSummary],
    day: date,
) -> Iterator[Impact]:
    """Everything, agency by agency. `backlog`: the outbox, by destination."""
    changed = replace(before, directory=after)
    waiting = _waiting(backlog)
    for agency in before.directory:
        ending = _ending(agency, after)
        if ending:
            yield from _ends(agency, ending, before.directory, after)
            if rows := waiting.get(agency.code):
                yield Impact(
                    "open-deliveries",
                    agency.code,
                    f"{rows} rows of the outbox still wait for {agency.code}, which {ending}; "
                    "let them leave first (axisd outbox list), or keep its inbox until they have",
                )
        old, new = _way(agency.code, before, day), _way(agency.code, changed, day)
        if old != new:
            yield Impact("rerouted", agency.code, f"{agency.code}: {old} → {new}")


def newly(before: Iterable[Remark], after: Iterable[Remark]) -> tuple[Remark, ...]:
    """The warnings that were not there before, wherever their rows stand."""
    known = {(remark.kind, remark.problem.text) for remark in before}
    return tuple(remark for remark in after if (remark.kind, remark.problem.text) not in known)


def _waiting(backlog: Iterable[OutboxSummary]) -> Mapping[str, int]:
    rows: dict[str, int] = {}
    for item in backlog:
        code = item.destination.partition(":")[2]
        rows[code] = rows.get(code, 0) + item.waiting + item.held
    return rows


def _ending(agency: Agency, after: Directory) -> str:
    """How the change ends `agency`, "" if it does not."""
    renewed = after.find(agency.code)
    if renewed is None:
        return "vanishes"
    if renewed.valid_to is not None and agency.valid_to is None:
        return f"closes on {renewed.valid_to}"
    return ""


def _ends(agency: Agency, ending: str, before: Directory, after: Directory) -> Iterator[Impact]:
    system = before.system_of(agency.code)
    renewed = after.find(agency.code)
    closes = renewed.valid_to if renewed is not None else None
    heir = after.current(agency.code, closes) if closes else None
    if system is not None:
        mend = (
            f"let it serve {heir.code} from then on"
            if heir is not None
            else "name a successor, or documents for it are refused"
        )
        text = f"system {system.account} serves {agency.code}, which {ending}; {mend}"
        yield Impact("system", agency.code, text)
    if agency.pins:
        text = (
            f"{len(agency.pins)} pinned certificates of {agency.code}, which {ending}, sign no new "
            "documents any more; pin or issue one for whoever takes over"
        )
        yield Impact("certificates", agency.code, text)


def _way(code: str, view: View, day: date) -> str:
    return way_of(plan([code], view, day)[0])


def way_of(leg: Leg) -> str:
    """Where a document goes: `local:CODE`, or who does not get it and why."""
    if leg.refusal is not None:
        return f"nobody: {leg.refusal.code}"
    assert leg.route is not None, "a leg without a refusal has a route"
    return f"{leg.route}:{leg.inbox}"
