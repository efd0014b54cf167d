"""Where each recipient's copy goes: one leg per organ, however many of its codes were written.

Twins merge, a closed code follows its successor, an agency without a system of its own is delivered
to the office that receives for it (QC Điều 6.3). What can go nowhere becomes a leg with a refusal that
says what to use instead; it never stops the other legs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from axisd.core.codes import derived_twin, is_code
from axisd.core.directory import Agency, Channel, Directory
from axisd.core.reasons import Refusal, refuse
from axisd.core.records import RouteKind
from axisd.core.view import View


@dataclass(frozen=True, slots=True)
class Leg:
    """`organ`: the canonical code of the recipient that holds today. Exactly one of `route` and
    `refusal` is set. `note`: something the sender should know although the leg goes (a successor)."""

    organ: str
    addressed: tuple[str, ...]
    route: RouteKind | None = None
    inbox: str = ""
    refusal: Refusal | None = None
    note: Refusal | None = None


def plan(codes: Iterable[str], view: View, day: date) -> tuple[Leg, ...]:
    """One leg per organ, in the order in which the organs first appear among `codes`."""
    legs: dict[str, Leg] = {}
    for code in codes:
        leg = _leg(code, view, day)
        earlier = legs.get(leg.organ)
        if earlier is None:
            legs[leg.organ] = leg
        elif code not in earlier.addressed:
            legs[leg.organ] = replace(earlier, addressed=(*earlier.addressed, code))
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


def _leg(code: str, view: View, day: date) -> Leg:
    if not is_code(code):
        return Leg(code, (code,), refusal=refuse("code-malformed", agency=ascii(code)))
    agency = view.directory.find(code)
    if agency is None:
        organ = organ_of(code, view.directory)
        if view.axis.is_local(code):
            return Leg(organ, (code,), refusal=refuse("recipient-unknown", agency=code))
        return _national(Leg(organ, (code,)), view)
    current = view.directory.current(agency.code, day)
    if current is None:
        return Leg(agency.code, (code,), refusal=_closed(agency))
    leg = Leg(current.code, (code,))
    if current.code != agency.code:
        leg = replace(leg, note=_closed(agency, current.code))
    return _served(leg, current, view)


def _served(leg: Leg, agency: Agency, view: View) -> Leg:
    seen: set[str] = set()
    receiver: Agency | None = agency
    while receiver is not None and receiver.code not in seen:
        seen.add(receiver.code)
        system = view.directory.system_of(receiver.code)
        if system is not None:
            route = RouteKind.LOCAL if system.channel is Channel.AMQP else RouteKind.MAILBOX
            return replace(leg, route=route, inbox=receiver.code)
        receiver = view.directory.find(receiver.intake) if receiver.intake else None
    if view.axis.is_local(agency.code):
        return replace(leg, refusal=refuse("recipient-unreachable", agency=agency.code))
    return _national(leg, view)


def _national(leg: Leg, view: View) -> Leg:
    if not view.national:
        return replace(leg, refusal=refuse("national-closed", agency=leg.addressed[0]))
    return replace(leg, route=RouteKind.NATIONAL, inbox=leg.addressed[0])


def _closed(agency: Agency, successor: str | None = None) -> Refusal:
    to_use = successor or agency.successor
    return refuse(
        "recipient-closed",
        agency=agency.code,
        date=agency.valid_to.isoformat() if agency.valid_to else "",
        advice=f"use {to_use}" if to_use else "no successor is recorded",
        advice_vi=f"hãy dùng {to_use}" if to_use else "chưa ghi nhận mã thay thế",
    )
