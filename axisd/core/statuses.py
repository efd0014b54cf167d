"""What a status message does to the document it is about.

A status travels to its recipient like any submission; besides, it becomes part of the history of every
delivery that its reporter can speak of, in whatever order it comes, and moves them on: 01 and later words
mean that the recipient's system took the document (ContentHandover), 02 that the recipient refused it
(ConsignmentRejection), 15 and 16 answer a recall, an update or a replacement; 13 is a recall. What waits in
our outbox stays there: a status says what its sender claims, not that our copy arrived.

Who may say what (QC Điều 5.1d, 8.3; spec/edxml.md §3): 01 to 06 the recipient or the office that received
for it, 13 the document's sender, 15 and 16 a recipient that was asked, or that got an update or a replacement,
under the DocumentId of that or of what it changes. A status about a document that nobody knows is forwarded all
the same, kept as unmatched, and joined to the document when that turns up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from axisd.core import deadlines, dossier, recall
from axisd.core.dossier import Ground
from axisd.core.effects import Effects
from axisd.core.envelope import Business, Status
from axisd.core.history import RecallOutcome, StatusRecord
from axisd.core.lifecycle import OPEN, DeliveryEvent, DeliveryState, after, furthest
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.records import KnownDelivery
from axisd.core.routing import organ_of
from axisd.core.rules import document_id_of, sender_of
from axisd.core.submission import Door
from axisd.core.view import View
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time

ASKS_BACK: Final = "13"
EARLY_RECALL: Final = Business.RECALL.value
"""The code under which a recall (type 1) waits for its document."""
TAKES: Final = frozenset({"01", "03", "04", "05", "06"})
REFUSES: Final = "02"
_AGREES: Final = "15"
ANSWERS: Final = frozenset({_AGREES, "16"})
_CHANGES: Final = frozenset({Business.UPDATE, Business.REPLACE})
_SILENT: Final = {
    _AGREES: Phrase("it added nothing", "không ghi gì thêm"),
    "16": Phrase("no reason given", "không nêu lý do"),
}
LONGEST: Final = 500
"""Characters of a clerk's words that are kept (NĐ 30/2020 phụ lục VI: Description)."""


def issuer_of(status: Status, view: View) -> str:
    """The organ that issued the document a status is about: for 13 the reporter itself."""
    said = status.sender if status.code == ASKS_BACK else status.about
    return organ_of(said.organ_id, view.directory)


def objection(status: Status, ground: Ground) -> Refusal | None:
    """Why `status` may not be said by whoever says it; None if it may, or if its document is unknown."""
    if status.code == ASKS_BACK:
        return _against_asking_back(status, ground)
    items = _documents(status, ground)
    if not items:
        return None
    own = ground.spoken_of(items, ground.organ(status.sender.organ_id))
    if status.code in ANSWERS:
        if _answered_by(status, own, ground):
            return None
        at, line = document_id_of(status)
        return refuse("recall-not-asked", at=at, line=line, agency=status.sender.organ_id)
    if own:
        return None
    at, line = sender_of(status)
    return refuse("status-not-recipient", at=at, line=line, agency=status.sender.organ_id)


def _against_asking_back(status: Status, ground: Ground) -> Refusal | None:
    issuer, asked = issuer_of(status, ground.view), ground.organ(status.about.organ_id)
    refusal = recall.objection(issuer, status.about.document_id, asked, ground)
    if refusal is None:
        return None
    at, line = document_id_of(status)
    return replace(refusal, at=at, line=line)


def about(status: Status, ground: Ground) -> list[KnownDelivery]:
    """The deliveries that `status` is about; none if its document is unknown."""
    if status.code == ASKS_BACK:
        issuer, asked = issuer_of(status, ground.view), ground.organ(status.about.organ_id)
        return recall.asked_for(issuer, status.about.document_id, asked, ground)
    own = ground.spoken_of(_documents(status, ground), ground.organ(status.sender.organ_id))
    return _answered_by(status, own, ground) if status.code in ANSWERS else own


def remark(status: Status, ground: Ground, received_at: datetime) -> Refusal | None:
    """What is said of a status whose document is unknown; None if it is known."""
    if about(status, ground):
        return None
    at, line = document_id_of(status)
    document_id = status.about.document_id
    if status.code == ASKS_BACK:
        asked = ground.organ(status.about.organ_id)
        said = recall.early(document_id, asked, received_at, ground.view)
        return replace(said, at=at, line=line)
    return refuse("unmatched", at=at, line=line, document=document_id)


def follow(effects: Effects, status: Status) -> None:
    """The history that `status` becomes, and what it moves."""
    items = about(status, effects.ground)
    if not items:
        effects.report(_record(effects, status, None))
    for item in items:
        said = _record(effects, status, item)
        effects.report(said)
        apply(effects, item, said)
    if status.code == ASKS_BACK:
        recall.ask(effects, items)


def await_document(effects: Effects, organ: str, words: str) -> None:
    """The recall that the decision is about asks `organ` for what is not known here yet."""
    facts = effects.facts
    effects.report(
        StatusRecord(
            id=effects.mint(),
            submission_id=facts.submission_id,
            delivery_id=None,
            issuer=effects.ground.known_under(facts.sender, facts.document_id),
            document_id=facts.document_id,
            reporter=facts.sender,
            code=EARLY_RECALL,
            at=facts.received_at,
            words=words[:LONGEST],
            recipient=organ,
            door=facts.door,
        )
    )


def join(effects: Effects) -> None:
    """The statuses that waited for the document of which the decision makes new deliveries."""
    facts, ground = effects.facts, effects.ground
    if not ground.known.unmatched:
        return
    issuers = ground.kin(facts.sender)
    waiting = (
        said
        for said in ground.known.unmatched.values()
        if said.document_id == facts.document_id
        if said.issuer in issuers
    )
    for said in sorted(waiting, key=lambda said: (said.at, said.id)):
        ears = replace(ground, door=said.door or _usual_door(said.reporter, ground))
        if said.code in {ASKS_BACK, EARLY_RECALL}:
            recall.catch_up(effects, said, ears)
            continue
        for item in ears.spoken_of(effects.own, said.reporter)[:1]:
            effects.join(said, item)
            apply(effects, item, replace(said, delivery_id=item.delivery.id))


def _usual_door(reporter: str, ground: Ground) -> Door:
    """Who has a system here hands in here, and never over the national axis."""
    here = ground.view.directory.system_of(reporter) is not None
    return Door.AMQP if here else Door.NATIONAL


def apply(effects: Effects, item: KnownDelivery, said: StatusRecord) -> None:
    """What `said` moves of `item`, with evidence, told to the sender of the document."""
    if said.code not in TAKES:
        _tell_overdue(effects, item, said.at)
    if said.code in TAKES or said.code == REFUSES:
        _progress(effects, item, said)
    elif said.code in ANSWERS:
        _answer(effects, item, said)


def _progress(effects: Effects, item: KnownDelivery, said: StatusRecord) -> None:
    item = effects.current(item)
    delivery, refused = item.delivery, said.code == REFUSES
    state = after(delivery.state, DeliveryEvent.TURNED_DOWN if refused else DeliveryEvent.TAKEN)
    moved = state is not delivery.state
    watch = deadlines.reported(delivery.watch, said.code, said.at, effects.view, delivery.inbox)
    put = effects.put(
        item,
        state=state,
        status=furthest(delivery.status, said.code),
        reason=None if not moved else "recipient-refused" if refused else "",
        watch=deadlines.ended(watch) if state not in dossier.LIVE else watch,
    )
    if not moved:
        return
    if refused:
        refusal = refuse("recipient-refused", agency=delivery.identity.recipient, detail=said.words)
        _tell(effects, put, Event.CONSIGNMENT_REJECTION, said, refusal)
        recall.returned(effects, put)
    else:
        _tell(effects, put, Event.CONTENT_HANDOVER, said)
    if delivery.state is DeliveryState.WITHDRAWN:
        recall.reopen(effects, put)


def _tell_overdue(effects: Effects, item: KnownDelivery, at: datetime) -> None:
    """What fell due before `at` is told first, if nobody did yet: after a recipient's last word on a document
    nothing is awaited of it, and nobody would look again."""
    item = effects.current(item)
    delivery, told = item.delivery, set[str]()
    if delivery.state in OPEN:  # it still lies here: the delay is ours
        return
    for kind in DeadlineKind:
        due = deadlines.due_of(delivery.watch, kind)
        untold = deadlines.moment_of(delivery.watch, kind, effects.view, delivery.inbox) is not None
        if due is None or at <= due or not untold:
            continue
        code = deadlines.record_of(kind)
        agency = delivery.identity.recipient
        refusal = refuse(code, agency=agency, due=wire_time(due, unit="seconds"))
        event, to = Event.CONSIGNMENT_NOTIFICATION, item.facts.reply_to
        effects.tell(item, event, refusal, outcome=delivery.state, to=to)
        told.add(code)
    if told:
        effects.put(item, watch=replace(delivery.watch, told=delivery.watch.told | told))


def _answer(effects: Effects, item: KnownDelivery, said: StatusRecord) -> None:
    item = effects.current(item)
    before = item.delivery.status
    item = effects.put(item, status=furthest(before, said.code))
    agreed = said.code == _AGREES
    if item.recall is not None:
        if recall.answered(effects, item, agreed=agreed) or item.delivery.status != before:
            code = "recall-agreed" if agreed else "recall-refused"
            _tell(effects, item, Event.CONSIGNMENT_NOTIFICATION, said, _answered(code, item, said))
    elif item.facts.business in _CHANGES and item.delivery.status != before:
        code = "change-agreed" if agreed else "change-refused"
        _tell(effects, item, Event.CONSIGNMENT_NOTIFICATION, said, _answered(code, item, said))


def _answered(code: str, item: KnownDelivery, said: StatusRecord) -> Refusal:
    return refuse(
        code,
        agency=item.delivery.identity.recipient,
        detail=said.words or _SILENT[said.code].en,
        detail_vi=said.words or _SILENT[said.code].vi,
    )


def _tell(
    effects: Effects,
    item: KnownDelivery,
    event: Event,
    said: StatusRecord,
    refusal: Refusal | None = None,
) -> None:
    effects.tell(item, event, refusal, outcome=said.code, to=item.facts.reply_to)


def _documents(status: Status, ground: Ground) -> list[KnownDelivery]:
    return ground.deliveries_of(issuer_of(status, ground.view), status.about.document_id)


def _answered_by(status: Status, own: list[KnownDelivery], ground: Ground) -> list[KnownDelivery]:
    """Which deliveries a 15 or 16 answers, of those of its document that its reporter has, `own`, and of those
    that change it under an id of their own: an open recall before anything else, else the newest change that
    nobody answered yet; none if nobody asked for an answer."""
    if any(item.recall and item.recall.outcome is RecallOutcome.ASKED for item in own):
        return own
    reporter = ground.organ(status.sender.organ_id)
    changing = ground.changing(issuer_of(status, ground.view), status.about.document_id)
    elsewhere = ground.spoken_of(changing, reporter)
    changes = sorted(
        (*(item for item in own if item.facts.business in _CHANGES), *elsewhere),
        key=lambda item: item.delivery.id,
    )
    unanswered = [item for item in changes if item.delivery.status not in ANSWERS]
    if unanswered and unanswered[-1] not in own:
        return unanswered[-1:]
    if any(map(_was_asked, own)):
        return own
    return changes[-1:]


def _was_asked(item: KnownDelivery) -> bool:
    return item.recall is not None or item.facts.business in _CHANGES


def _record(effects: Effects, status: Status, item: KnownDelivery | None) -> StatusRecord:
    return StatusRecord(
        id=effects.mint(),
        submission_id=effects.facts.submission_id,
        delivery_id=item.delivery.id if item is not None else None,
        issuer=issuer_of(status, effects.view),
        document_id=status.about.document_id,
        reporter=organ_of(status.sender.organ_id, effects.view.directory),
        code=status.code,
        at=effects.facts.received_at,
        words=status.description[:LONGEST],
        recipient=effects.ground.organ(status.about.organ_id) if status.code == ASKS_BACK else "",
        door=effects.facts.door,
    )
