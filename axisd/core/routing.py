"""Where each recipient's copy goes: one leg per organ, however many of its codes were written.

Twins merge, a closed code follows its successor, an agency without a system of its own is delivered
to the office that receives for it (QC Điều 6.3). What can go nowhere becomes a leg with a refusal that
says what to use instead; it never stops the other legs. What comes late, that is a status about a document
of former days, still goes to a closed code that nobody succeeded, while there is a way there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from axisd.core.codes import derived_twin, is_code, level1
from axisd.core.directory import Agency, Channel, Directory
from axisd.core.reasons import Refusal, refuse
from axisd.core.records import RouteKind
from axisd.core.view import View


@dataclass(frozen=True, slots=True)
class Leg:
    """`organ`: the canonical code of the recipient that holds today. Exactly one of `route` and
    `refusal` is set. `note`: something the sender should know although the leg goes (a successor).
    `former`: the closed organs that led to this one; what each got before, this one need not get again."""

    organ: str
    addressed: tuple[str, ...]
    route: RouteKind | None = None
    inbox: str = ""
    refusal: Refusal | None = None
    note: Refusal | None = None
    former: tuple[str, ...] = ()


def plan(codes: Iterable[str], view: View, day: date, *, late: bool = False) -> tuple[Leg, ...]:
    """One leg per organ, in the order in which the organs first appear among `codes`.

    `late`: for a status, which is about something that was sent while a code still held.
    """
    legs: dict[str, Leg] = {}
    for code in codes:
        leg = _leg(code, view, day, late=late)
        earlier = legs.get(leg.organ)
        if earlier is None:
            legs[leg.organ] = leg
        elif code not in earlier.addressed:
            former = tuple(dict.fromkeys((*earlier.former, *leg.former)))
            legs[leg.organ] = replace(earlier, addressed=(*earlier.addressed, code), former=former)
    return tuple(legs.values())


def organ_of(code: str, directory: Directory) -> str:
    """The canonical code of the organ behind `code`, whether or not the directory knows it."""
    agency = directory.find(code)
    if agency is not None:
        return agency.code
    twin = derived_twin(code)
    # Of two twins that nobody states, one stands for both, so that they meet: the first in the alphabet,
    # which of an ordinary pair is the four-group one.
    return min(code, twin) if twin else code


def heirs_of(code: str, directory: Directory, day: date) -> tuple[str, ...]:
    """The organs that speak for the one behind `code` on `day`: itself first, then its successors."""
    return directory.heirs(code, day) or (organ_of(code, directory),)


def kin_of(code: str, directory: Directory, day: date) -> tuple[str, ...]:
    """The organs under which documents of the one behind `code` are known on `day`: itself first, then
    those that took over from it, then those that it took over from."""
    return tuple(dict.fromkeys((*heirs_of(code, directory, day), *directory.forebears(code, day))))


def _leg(code: str, view: View, day: date, *, late: bool) -> Leg:
    if not is_code(code):
        return Leg(code, (code,), refusal=refuse("code-malformed", agency=ascii(code)))
    path = view.directory.path(code, day)
    if not path:
        return _unlisted(Leg(organ_of(code, view.directory), (code,)), code, view, day, late=late)
    agency, last = path[0], path[-1]
    if not last.open_on(day):
        leg = Leg(agency.code, (code,), refusal=_not_open(agency, last, day))
        return _anyway(leg, path, view, day) if late else leg
    leg = Leg(last.code, (code,), former=tuple(each.code for each in path[:-1]))
    if last is not agency:
        leg = replace(leg, note=_closed(agency, (last.code,)))
    return _served(leg, last, view, day)


def _unlisted(leg: Leg, code: str, view: View, day: date, *, late: bool) -> Leg:
    """A code that is not in the directory: another province's, or nobody's."""
    above = view.directory.path(level1(code) or "", day)
    if above and above[0].closed_on(day):
        closed = _closed_with(code, above[0], above[-1] if above[-1].open_on(day) else None)
        if not late or view.axis.is_local(code):
            return replace(leg, refusal=closed)
        return _national(replace(leg, note=closed), view)
    if view.axis.is_local(code):
        return replace(leg, refusal=refuse("recipient-unknown", agency=code))
    return _national(leg, view)


def _anyway(refused: Leg, path: tuple[Agency, ...], view: View, day: date) -> Leg:
    """The leg to the last of the closed agencies on `path` that somebody still receives for."""
    for agency in reversed(path):
        leg = Leg(agency.code, refused.addressed, note=refused.refusal)
        leg = _served(leg, agency, view, day) if agency.closed_on(day) else refused
        if leg.route is not None:
            return leg
    return refused


def _served(leg: Leg, agency: Agency, view: View, day: date) -> Leg:
    seen: set[str] = set()
    receiver: Agency | None = agency
    while receiver is not None and receiver.code not in seen:
        seen.add(receiver.code)
        system = view.directory.system_of(receiver.code)
        if system is not None:
            route = RouteKind.LOCAL if system.channel is Channel.AMQP else RouteKind.MAILBOX
            return replace(leg, route=route, inbox=receiver.code)
        receiver = view.directory.current(receiver.intake, day) if receiver.intake else None
    if view.axis.is_local(agency.code):
        return replace(leg, refusal=refuse("recipient-unreachable", agency=agency.code))
    return _national(leg, view)


def _national(leg: Leg, view: View) -> Leg:
    if not view.national:
        return replace(leg, note=None, refusal=refuse("national-closed", agency=leg.addressed[0]))
    return replace(leg, route=RouteKind.NATIONAL, inbox=leg.addressed[0])


def _not_open(agency: Agency, last: Agency, day: date) -> Refusal:
    """Why a path that starts at `agency` and ends at `last` leads to nobody."""
    if agency.closed_on(day):
        return _closed(agency, last.choices if last.closed_on(day) else ())
    opens = agency.valid_from.isoformat() if agency.valid_from else ""
    return refuse("recipient-not-open", agency=agency.code, date=opens)


def _closed(agency: Agency, choices: Sequence[str]) -> Refusal:
    advice, advice_vi = advised(choices)
    return refuse(
        "recipient-closed",
        agency=agency.code,
        date=agency.valid_to.isoformat() if agency.valid_to else "",
        advice=advice,
        advice_vi=advice_vi,
    )


def _closed_with(code: str, top: Agency, successor: Agency | None) -> Refusal:
    """The refusal of a code under a level-1 code that is closed: what is under it is closed with it."""
    instead = successor.code if successor else " / ".join(top.choices)
    return refuse(
        "recipient-closed",
        agency=code,
        date=top.valid_to.isoformat() if top.valid_to else "",
        advice=f"so was all of {top.code}"
        + (f"; use the code under {instead}" if instead else "; no successor is recorded"),
        advice_vi=f"cùng toàn bộ mã thuộc {top.code}"
        + (f"; hãy dùng mã thuộc {instead}" if instead else "; chưa ghi nhận mã thay thế"),
    )


def advised(choices: Sequence[str]) -> tuple[str, str]:
    """What to use instead of a closed code, as part of a sentence in English and Vietnamese."""
    if not choices:
        return "no successor is recorded", "chưa ghi nhận mã thay thế"
    return f"use {' or '.join(choices)}", f"hãy dùng {' hoặc '.join(choices)}"
