"""The story of a document: everything in its trace in order of time, over all its submissions and recipients.

One moment stands for one thing that happened, with the organ that it concerns. The way of a status that went
well is one moment, that of a document has its steps: handed in, inspected, accepted, and so on for each
recipient. Deadlines stand where they fall due, so that those to come end the story. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final, Literal

from axisd.core import tracewords as words
from axisd.core.envelope import Business
from axisd.core.inspection import Outcome
from axisd.core.lifecycle import OPEN, DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.trace import Deadline, Happened, Kept, Leg, Part, Reference, Trace
from axisd.core.wording import Phrase

Tone = Literal["", "good", "warn", "bad"]


class What(IntEnum):
    """Kinds of moments; among those of one instant they come in this order."""

    SUBMITTED = 1
    REFERENCE = 2
    INSPECTED = 3
    DUPLICATE = 4
    SETTLED = 5
    STATUS = 6
    DELIVERY = 7
    DEADLINE = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """`organ`: the agency that it concerns, the sender where that is the one that acts. `words` do not name
    it. `happened`: the entry of the evidence behind it, if there is one; `notes`: what else there is to say.
    """

    at: datetime
    what: What
    organ: str
    words: Phrase
    tone: Tone
    submission_id: str
    delivery_id: str | None = None
    happened: Happened | None = None
    code: str = ""
    notes: tuple[Phrase, ...] = field(default=())


_BAD: Final = frozenset(
    {
        Event.SUBMISSION_REJECTION,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        Event.CONTENT_HANDOVER_FAILURE,
        Event.RELAY_REJECTION,
        Event.RELAY_FAILURE,
        Event.CONSIGNMENT_REJECTION,
    }
)
_OVER: Final[dict[Kept, Tone]] = {Kept.MET: "good", Kept.LATE: "warn", Kept.OVERDUE: "bad"}
_ARRIVED: Final = OPEN | {DeliveryState.SENT, DeliveryState.HANDED_OVER}


def story_of(trace: Trace) -> tuple[Moment, ...]:
    """All moments of `trace`, oldest first. Instants are compared by their milliseconds, as they are sealed."""
    moments = [
        *(moment for part in trace.parts for moment in _of_part(part)),
        *(_later(reference) for reference in trace.referred if reference.record is not None),
    ]
    return tuple(sorted(moments, key=_order))


def _order(moment: Moment) -> tuple[int, int, int, str, str]:
    millisecond = int(moment.at.timestamp() * 1000 + 1e-6)
    position = moment.happened.position if moment.happened else 0
    return millisecond, moment.what, position, moment.organ, moment.submission_id


def _of_part(part: Part) -> Iterator[Moment]:
    settled = _settled_by(part)
    if part.is_status and part.record.state is SubmissionState.ACCEPTED:
        yield _status(part, settled)
    else:
        yield _submitted(part)
        yield from _judged(part, settled)
    for reference in part.references:
        yield _earlier(part, reference)
    for happened in part.happened:
        if happened is not settled:
            yield _event(part, happened, part.record.facts.sender)
    for leg in part.legs:
        yield from _of_leg(part, leg)


def _settled_by(part: Part) -> Happened | None:
    return part.happened[0] if part.happened else None


def _submitted(part: Part) -> Moment:
    facts = part.record.facts
    message = _named(part)
    door = words.worded(words.DOORS, facts.door)
    return Moment(
        facts.received_at,
        What.SUBMITTED,
        facts.sender,
        Phrase(f"handed in {door.en}: {message.en}", f"gửi {door.vi}: {message.vi}"),
        "",
        facts.submission_id,
        code=facts.business or facts.status,
    )


def _named(part: Part) -> Phrase:
    facts = part.record.facts
    if part.is_status:
        status = words.status_words(facts.status)
        return Phrase(f"status {status.en}", f"trạng thái {status.vi}")
    return words.worded(words.BUSINESS, facts.business) if facts.kind else words.UNREAD


def _judged(part: Part, settled: Happened | None) -> Iterator[Moment]:
    """What the axis made of it: the inspection, and the settlement that stands in the evidence."""
    record, key = part.record, part.record.facts.submission_id
    organ, at = record.facts.sender, record.facts.received_at
    if record.state is SubmissionState.DUPLICATE:
        note = Phrase(f"of {record.duplicate_of}", f"trùng với {record.duplicate_of}")
        said = Phrase("the same again: the same receipt was sent, nothing was delivered twice",
                      "gửi trùng: biên nhận cũ được gửi lại, không chuyển hai lần")  # fmt: skip
        yield Moment(at, What.DUPLICATE, organ, said, "warn", key, notes=(note,))
    if settled is None:
        return
    if settled.steps:
        yield _inspected(part, settled)
    yield _event(part, settled, organ, What.SETTLED)


def _inspected(part: Part, settled: Happened) -> Moment:
    """The step that refused it, or that all passed; what was noted or not looked at is told as well."""
    refused = next((name for name, found, _ in settled.steps if found == Outcome.REFUSED), "")
    passed = sum(found == Outcome.PASSED for _, found, _ in settled.steps)
    told = {Outcome.NOTED} if refused else {Outcome.NOTED, Outcome.SKIPPED}
    step = words.worded(words.STEPS, refused)
    said = (
        Phrase(f"inspected: refused at step {step.en}", f"kiểm tra: không qua bước {step.vi}")
        if refused
        else Phrase(f"inspected: {passed} steps passed", f"kiểm tra: qua {passed} bước")
    )
    return Moment(
        settled.at,
        What.INSPECTED,
        part.record.facts.sender,
        said,
        "bad" if refused else "good",
        part.record.facts.submission_id,
        notes=tuple(
            words.behind(words.worded(words.STEPS, name), f": {detail or found}")
            for name, found, detail in settled.steps
            if found in told
        ),
    )


def _event(part: Part, happened: Happened, organ: str, what: What = What.DELIVERY) -> Moment:
    said = words.worded(words.EVENTS, happened.event)
    if part.is_status or part.record.facts.business not in {"", Business.NEW}:
        # A recall travels between the same two as the document: who reads has to see which of them came in.
        which = _named(part)
        said = Phrase(f"{said.en}: {which.en}", f"{said.vi}: {which.vi}")
    notes = []
    if happened.external:
        notes.append(Phrase(f"number {happened.external}", f"số hiệu {happened.external}"))
    return Moment(
        happened.at,
        what,
        organ,
        said,
        _tone(happened),
        part.record.facts.submission_id,
        happened.delivery_id,
        happened,
        happened.event,
        tuple(notes),
    )


def _tone(happened: Happened) -> Tone:
    if happened.event in _BAD:
        return "bad"
    if happened.event == Event.CONSIGNMENT_NOTIFICATION or happened.warnings:
        return "warn"
    return "good"


def _status(part: Part, settled: Happened | None) -> Moment:
    facts = part.record.facts
    status = words.status_words(facts.status)
    notes = [] if part.matched is not False else [
        Phrase("no document is known that it is about", "chưa biết văn bản mà trạng thái này nói tới")
    ]  # fmt: skip
    for leg in part.legs:
        state = words.worded(words.DELIVERIES, leg.delivery.state)
        to = leg.delivery.identity.recipient
        notes.append(Phrase(f"to {to}: {state.en}", f"gửi {to}: {state.vi}"))
    return Moment(
        facts.received_at,
        What.STATUS,
        facts.sender,
        Phrase(f"status {status.en}", f"trạng thái {status.vi}"),
        "bad" if facts.status == "02" else "good" if part.matched is not False else "warn",
        facts.submission_id,
        happened=settled,
        code=facts.status,
        notes=tuple(notes),
    )


def _of_leg(part: Part, leg: Leg) -> Iterator[Moment]:
    organ = leg.delivery.identity.recipient
    untroubled = part.is_status and leg.delivery.state in _ARRIVED
    for happened in leg.happened:
        # A status that arrived is one moment; what went wrong with one is told.
        if not untroubled or happened.event in _BAD:
            yield _event(part, happened, organ)
    fetched_at = leg.mailbox.fetched_at if leg.mailbox is not None else None
    if fetched_at is not None and not untroubled:
        yield _fetched(part, leg, fetched_at)
    for deadline in leg.deadlines:
        yield _deadline(part, leg, deadline)


def _fetched(part: Part, leg: Leg, at: datetime) -> Moment:
    return Moment(
        at,
        What.DELIVERY,
        leg.delivery.identity.recipient,
        words.FETCHED,
        "",
        part.record.facts.submission_id,
        leg.delivery.id,
        code="fetched",
    )


def _deadline(part: Part, leg: Leg, deadline: Deadline) -> Moment:
    kind, kept = words.DEADLINES[deadline.kind], words.KEPT[deadline.kept]
    return Moment(
        deadline.due,
        What.DEADLINE,
        leg.delivery.identity.recipient,
        Phrase(f"deadline, {kind.en}: {kept.en}", f"hạn {kind.vi}: {kept.vi}"),
        _OVER.get(deadline.kept, ""),
        part.record.facts.submission_id,
        leg.delivery.id,
        code=deadline.kind,
    )


def _earlier(part: Part, reference: Reference) -> Moment:
    link, known = reference.link, reference.record
    said = words.worded(words.EARLIER, link.kind)
    notes = [] if known is not None else [Phrase("not known here", "trục chưa biết văn bản này")]
    if link.recipient:
        notes.append(Phrase(f"for {link.recipient} alone", f"chỉ đối với {link.recipient}"))
    other = f"{link.document_id} ({link.issuer})"
    return Moment(
        part.record.facts.received_at,
        What.REFERENCE,
        part.record.facts.sender,
        Phrase(f"{said.en} {other}", f"{said.vi} {other}"),
        "" if known is not None else "warn",
        part.record.facts.submission_id,
        code=link.kind,
        notes=tuple(notes),
    )


def _later(reference: Reference) -> Moment:
    link, record = reference.link, reference.record
    assert record is not None, "only known ones are told"
    said = words.worded(words.LATER, link.kind)
    number = f" ({record.number}/{record.notation})" if record.number else ""
    other = f"{record.facts.document_id}{number}"
    notes = (
        (Phrase(f"for {link.recipient} alone", f"chỉ đối với {link.recipient}"),)
        if link.recipient
        else ()
    )
    return Moment(
        record.facts.received_at,
        What.REFERENCE,
        record.facts.sender,
        Phrase(f"{said.en} {other}", f"{said.vi} {other}"),
        "",
        record.facts.submission_id,
        code=link.kind,
        notes=notes,
    )
