"""What a message does beyond being delivered, by what it is: one place that knows which rule is whose.

`asked` says what has to be known, `objections` who may not do what, `remarks` what is accepted but said on
the receipt, `follow` what comes of it. The rules are in `statuses`, `recall` and `amendment`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from axisd.core import amendment, dossier, recall, statuses
from axisd.core.case import Case, number_of
from axisd.core.dossier import Ground
from axisd.core.effects import Effects
from axisd.core.envelope import Business, Document, Status
from axisd.core.history import LinkKind
from axisd.core.places import MESSAGE
from axisd.core.reasons import Refusal, refuse
from axisd.core.records import Known, Questions
from axisd.core.replies import answers
from axisd.core.routing import Leg
from axisd.core.rules import document_id_of, place_of
from axisd.core.view import View
from axisd.core.zone import day_of, wire_time

Objection = Callable[[Leg], Refusal | None]

_NOTHING: Final = Known()
"""For what is asked before anything is known."""


def ground_of(case: Case, known: Known, view: View) -> Ground:
    """What `case` is judged on."""
    return Ground(known, view, case.facts.door, day_of(case.facts.received_at))


def asked(case: Case, view: View) -> Questions:
    """What has to be known of earlier documents."""
    envelope, ground = case.envelope, ground_of(case, _NOTHING, view)
    if isinstance(envelope, Status):
        return _about_status(envelope, ground)
    if isinstance(envelope, Document):
        return _about_document(case, envelope, ground)
    return Questions()


def objections(case: Case, ground: Ground) -> Objection:
    """What speaks against a leg that is new; what holds for all of them is found once."""
    envelope = case.envelope
    if isinstance(envelope, Status):
        refusal = statuses.objection(envelope, ground)
    elif not isinstance(envelope, Document):
        refusal = None
    elif _is_recall(envelope):
        return lambda leg: _against_recall(case, envelope, leg, ground)
    else:
        refusal = _against_change(case, envelope, ground) or _frozen(case, envelope, ground)
    return lambda _: refusal


def remarks(case: Case, ground: Ground) -> tuple[Refusal, ...]:
    """What is accepted and said on the receipt."""
    envelope = case.envelope
    if isinstance(envelope, Status):
        said_of_it = statuses.remark(envelope, ground, case.facts.received_at)
        return () if said_of_it is None else (said_of_it,)
    if not isinstance(envelope, Document):
        return ()
    said = list(_repeated(case, envelope, ground))
    if envelope.business.business is not Business.NEW:
        said += (*_unknown(case, envelope, ground), *_untold(case, envelope, ground))
    return tuple(said)


def follow(effects: Effects, case: Case) -> None:
    """What comes of an accepted message, beside its own deliveries."""
    envelope = case.envelope
    if isinstance(envelope, Status):
        statuses.follow(effects, envelope)
    if not isinstance(envelope, Document):
        return
    _answer(effects, envelope)
    if _is_recall(envelope):
        _recall(effects, envelope)
        return
    if amendment.changes(envelope):
        amendment.follow(effects, envelope, _organs(case))
    statuses.join(effects)


def in_front(case: Case, organ: str, ground: Ground) -> tuple[str, ...]:
    """The deliveries that have to leave before that of `case` to `organ`."""
    envelope = case.envelope
    if not isinstance(envelope, Document):
        return ()
    return amendment.in_front(envelope, case.facts.sender, organ, ground)


def _is_recall(document: Document) -> bool:
    return document.business.business is Business.RECALL


def _organs(case: Case) -> set[str]:
    return {leg.organ for leg in case.legs}


# what has to be known


def _about_status(status: Status, ground: Ground) -> Questions:
    document_id = status.about.document_id
    issuer = statuses.issuer_of(status, ground.view)
    questions = Questions(documents=frozenset((k, document_id) for k in ground.kin(issuer)))
    if status.code == statuses.ASKS_BACK:
        organ = ground.organ(status.about.organ_id)
        questions |= Questions(addressed=frozenset({(organ, document_id)}))
    elif status.code in statuses.ANSWERS:
        questions |= Questions(changing=questions.documents)
    return questions


def _about_document(case: Case, document: Document, ground: Ground) -> Questions:
    sender, document_id = case.facts.sender, case.facts.document_id
    replies, kin = answers(document, ground.view, ground.day), ground.kin(sender)
    earlier = (
        {document_id}
        if _is_recall(document)
        else {target.document_id for target in amendment.targets_of(document, ground)}
    )
    questions = Questions(
        documents=frozenset({(k, found) for found in earlier for k in kin} | replies),
        addressed=frozenset((organ, found) for organ in _organs(case) for found in earlier),
    )
    if _is_recall(document):
        return questions
    number = number_of(case)
    return replace(
        questions,
        recalled=frozenset({(sender, document_id)}),
        unmatched=frozenset((k, document_id) for k in kin),
        numbers=frozenset({number} if number is not None else ()),
    )


# what speaks against it


def _against_recall(case: Case, document: Document, leg: Leg, ground: Ground) -> Refusal | None:
    facts = case.facts
    refusal = recall.objection(facts.sender, facts.document_id, leg.organ, ground)
    if refusal is None:
        return None
    at, line = place_of(document, leg.addressed[0])
    return replace(refusal, at=at, line=line)


def _against_change(case: Case, document: Document, ground: Ground) -> Refusal | None:
    if not amendment.changes(document):  # which most documents do not
        return None
    return amendment.objection(document, case.facts.sender, _organs(case), ground)


def _frozen(case: Case, document: Document, ground: Ground) -> Refusal | None:
    """Of a document that was recalled nobody gets another copy."""
    facts = case.facts
    if not dossier.is_recalled(ground.known.of_document(facts.sender, facts.document_id)):
        return None
    at, line = document_id_of(document)
    return refuse("document-recalled", at=at, line=line, document=facts.document_id)


# what is said on the receipt


def _unknown(case: Case, document: Document, ground: Ground) -> Iterable[Refusal]:
    """A recall may come before its document; what came over the national axis may be about one that is
    older than this axis."""
    facts = case.facts
    if _is_recall(document):
        for leg in case.legs:
            if leg.route is not None and _is_early(case, document, leg, ground):
                at, line = place_of(document, leg.addressed[0])
                said = recall.early(facts.document_id, leg.organ, facts.received_at, ground.view)
                yield replace(said, at=at, line=line)
    for target in amendment.unknown_targets(document, facts.sender, ground):
        yield refuse("unmatched", at=target.at, line=target.line, document=target.document_id)


def _is_early(case: Case, document: Document, leg: Leg, ground: Ground) -> bool:
    facts = case.facts
    return _against_recall(case, document, leg, ground) is None and not recall.asked_for(
        facts.sender, facts.document_id, leg.organ, ground
    )


def _untold(case: Case, document: Document, ground: Ground) -> Iterable[Refusal]:
    organs = _organs(case)
    for item in amendment.dropped(document, case.facts.sender, ground):
        if amendment.untold(item, organs):
            yield refuse("recipient-untold", agency=item.delivery.identity.recipient)


def _repeated(case: Case, document: Document, ground: Ground) -> Iterable[Refusal]:
    """The number, the notation and the organ of an earlier document of the year (NĐ 30/2020 phụ lục VI)."""
    key = number_of(case)
    earlier = ground.known.numbers.get(key) if key is not None else None
    if earlier is None or earlier.document_id == case.facts.document_id or _is_recall(document):
        return
    changed = {target.document_id for target in amendment.targets_of(document, ground)}
    if earlier.document_id in changed:
        return
    yield refuse(
        "number-repeated",
        at=f"{MESSAGE}/Code",
        line=(document.lines or {}).get("number"),
        number=f"{document.number}/{document.notation}",
        document=earlier.document_id,
        time=wire_time(earlier.received_at),
    )


# what comes of it


def _recall(effects: Effects, document: Document) -> None:
    facts, ground = effects.facts, effects.ground
    issuer = ground.known_under(facts.sender, facts.document_id)
    effects.link(LinkKind.RECALL, issuer, facts.document_id)
    for item in effects.own:
        organ = item.delivery.identity.recipient
        asked = recall.asked_for(facts.sender, facts.document_id, organ, ground)
        recall.ask(effects, asked)
        if not asked:
            statuses.await_document(effects, organ, document.business.reason)


def _answer(effects: Effects, document: Document) -> None:
    """The links to what it answers, under the code that is known here; whose wait ends is in `replies`."""
    ground = effects.ground
    answered = dict.fromkeys(
        (ground.organ(of.organ_id), of.document_id)
        for of in document.responses_for
        if of.organ_id and of.document_id
    )
    for named, document_id in answered:
        effects.link(LinkKind.REPLY, ground.known_under(named, document_id), document_id)
