"""Update (type 2) and replacement (type 3): what they change, who may, whom they drop and add.

An update names the document it changes in Bussiness/DocumentId; producers that leave it out mean the id the
update itself goes under. A replacement names old documents, each for some organs (ReplacementInfoList); one
without a list is read like an update. Receivers of type 1 get the envelope although they are not in To;
those of type 0 are dropped: nothing is awaited of them any more, and what still waits for them is withdrawn.
Whoever is in To gets the envelope as addressed, dropped or not. The list counts whatever the flag
DocumentReceiver says: leaving out somebody who was named would lose a document.

Only the sender of a document may change it, and not while a recall of it is open or was granted. A document
that a local sender claims and nobody knows is refused; one from the national axis may be older than this one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from axisd.core import deadlines, dossier, recall
from axisd.core.codes import is_code
from axisd.core.dossier import Ground
from axisd.core.effects import Effects
from axisd.core.envelope import Business, Document
from axisd.core.history import LinkKind
from axisd.core.lifecycle import OPEN
from axisd.core.places import BUSINESS
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import KnownDelivery, RouteKind
from axisd.core.submission import Door

_DROPPED: Final = "0"
KINDS: Final = {Business.UPDATE: LinkKind.UPDATE, Business.REPLACE: LinkKind.REPLACE}
_WORDS: Final = {Business.UPDATE: ("update", "cập nhật"), Business.REPLACE: ("replace", "thay thế")}


@dataclass(frozen=True, slots=True)
class Target:
    """An earlier document that is changed, for the organ `organ` alone, or for all if ""."""

    document_id: str
    organ: str = ""
    at: str | None = None
    line: int | None = None


def changes(document: Document) -> bool:
    """Whether it is an update or a replacement."""
    return document.business.business in KINDS


def targets_of(document: Document, ground: Ground) -> tuple[Target, ...]:
    """What an update or a replacement changes, each once; nothing for other documents."""
    business, lines = document.business, document.lines or {}
    if not changes(document):
        return ()
    if business.business is Business.REPLACE and business.replacements:
        at = f"{BUSINESS}/ReplacementInfoList/ReplacementInfo/DocumentId"
        return tuple(
            dict.fromkeys(
                Target(item.document_id, ground.organ(code) if code else "", at)
                for item in business.replacements
                for code in item.organ_ids or ("",)
            )
        )
    if business.document_id:
        line = lines.get("business_document_id")
        return (Target(business.document_id, "", f"{BUSINESS}/DocumentId", line),)
    return (Target(document.document_id),)


def objection(
    document: Document, sender: str, organs: Collection[str], ground: Ground
) -> Refusal | None:
    """Why `sender` may not change what `document`, which goes to `organs`, changes; None if it may."""
    word, word_vi = _WORDS[document.business.business]
    for target in targets_of(document, ground):
        said = {"document": target.document_id, "business": word, "business_vi": word_vi}
        items = _versions(ground, sender, target)
        if dossier.is_recalled(items):
            return refuse("document-recalled", at=target.at, line=target.line, **said)
        posed = bool(ground.deliveries_of(sender, target.document_id)) and not items
        if items or (ground.door is Door.NATIONAL and not posed):
            continue
        others = any(ground.came_from_others(sender, o, target.document_id) for o in organs)
        code = "update-not-sender" if posed or others else "update-unknown"
        return refuse(code, at=target.at, line=target.line, **said)
    return None


def _versions(ground: Ground, sender: str, target: Target) -> list[KnownDelivery]:
    """The deliveries of what is changed, as far as `sender` can act on it through this door."""
    return ground.owned(ground.deliveries_of(sender, target.document_id))


def unknown_targets(document: Document, sender: str, ground: Ground) -> list[Target]:
    """What is changed and not known here."""
    return [
        target
        for target in targets_of(document, ground)
        if not ground.deliveries_of(sender, target.document_id)
    ]


def dropped(document: Document, sender: str, ground: Ground) -> list[KnownDelivery]:
    """The deliveries of the changed documents to recipients that are dropped, as far as they are alive."""
    organs = {
        ground.organ(receiver.organ_id)
        for receiver in document.business.receivers
        if receiver.kind == _DROPPED and is_code(receiver.organ_id)
    }
    found = {
        item.delivery.id: item
        for target in targets_of(document, ground)
        for organ in sorted(organs)
        for item in ground.to_organ(_versions(ground, sender, target), organ)
        if item.delivery.state in dossier.LIVE
    }
    return list(found.values())


def in_front(document: Document, sender: str, organ: str, ground: Ground) -> tuple[str, ...]:
    """The deliveries to `organ` of versions that are changed and still wait: they have to leave first."""
    waiting = {
        item.delivery.id
        for target in targets_of(document, ground)
        if target.organ in {"", organ}
        for item in ground.to_organ(_versions(ground, sender, target), organ)
        if item.delivery.state in OPEN
    }
    return tuple(sorted(waiting))


def untold(item: KnownDelivery, organs: Collection[str]) -> bool:
    """Whether a dropped recipient cannot be told: it is not in To, and has no receipts queue."""
    return item.delivery.identity.recipient not in organs and not _has_receipts(item)


def follow(effects: Effects, document: Document, organs: Collection[str]) -> None:
    """The links to what is changed, and what becomes of the recipients that are dropped."""
    sender, kind = effects.facts.sender, KINDS[document.business.business]
    for target in targets_of(document, effects.ground):
        issuer = effects.ground.known_under(sender, target.document_id)
        effects.link(kind, issuer, target.document_id, target.organ)
    for item in dropped(document, sender, effects.ground):
        _drop(effects, effects.current(item), organs)


def _drop(effects: Effects, item: KnownDelivery, organs: Collection[str]) -> None:
    agency = item.delivery.identity.recipient
    if dossier.waits(item):
        recall.withdraw(effects, item)
    else:
        effects.put(item, watch=deadlines.ended(item.delivery.watch))
    if agency in organs:
        return
    refusal = refuse("recipient-dropped", agency=agency, sender=effects.facts.sender)
    to = item.delivery.inbox if _has_receipts(item) else ""
    effects.tell(item, Event.CONSIGNMENT_NOTIFICATION, refusal, outcome="dropped", to=to)


def _has_receipts(item: KnownDelivery) -> bool:
    return item.delivery.route is RouteKind.LOCAL
