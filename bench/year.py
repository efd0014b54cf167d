"""A year of a province's exchange, made up: what each moment of it makes durable, in the order of time.

Documents go out on working days, statuses answer them after minutes, hours or days, some never; deadlines
lapse and are told; a few documents are refused, repeated, replied to, recalled. Everything is drawn from one
seed. Deliveries are yielded once, as they stand at the end; the evidence comes at its own time. What fell
due in the last hour is not told yet, and what was handed in during the last minutes still waits.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, count
from typing import Final
from uuid import UUID

from axisd.config.shipped import shipped_agencies
from axisd.core.deadlines import begin, ended, reported
from axisd.core.directory import Channel, Directory, System
from axisd.core.envelope import Attachment
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.history import Link, LinkKind, Recall, RecallOutcome, StatusRecord
from axisd.core.inspection import LegalValue, SignatureFinding, SignatureState
from axisd.core.lapses import lapse
from axisd.core.lifecycle import DeliveryState, SubmissionState, furthest
from axisd.core.reasons import Event, refuse
from axisd.core.records import (
    Change,
    Delivery,
    Identity,
    KnownDelivery,
    OutboxKind,
    OutboxRow,
    Payload,
    RouteKind,
    SubmissionRecord,
    updated,
)
from axisd.core.submission import Door, Lane
from axisd.core.trust import TrustStore
from axisd.core.view import Axis, View
from axisd.core.zone import VIETNAM, day_of

UNTIL: Final = datetime(2026, 11, 27, 17, 0, tzinfo=VIETNAM).astimezone(UTC)
"""The moment at which the year ends: the end of office hours on a Friday."""
_LAST_TOLD: Final = UNTIL - timedelta(hours=1)
_STILL_WAITING: Final = UNTIL - timedelta(minutes=2)
_PER_DELIVERY: Final = 2.2
"""Deliveries that one of a document makes: itself, and those of the statuses about it."""
_RECIPIENTS: Final = ((1, 0.70), (2, 0.15), (3, 0.06), (5, 0.05), (12, 0.04))
_ANSWERS: Final = (
    ((), 0.04), (("02",), 0.02), (("01",), 0.25), (("03",), 0.45), (("01", "03"), 0.20),
    (("03", "06"), 0.04),
)  # fmt: skip
_MINISTRIES: Final = tuple(f"000.00.00.G{number:02}" for number in range(1, 23))
_SIGNATURE: Final = SignatureFinding(
    SignatureState.VERIFIED, "CN=Văn thư,O=UBND tỉnh,C=VN", "b" * 64, "urn:bench:rsa-sha256"
)
_REFUSALS: Final = ("signature-invalid", "recipient-unknown", "schema-invalid", "secrecy-mark")


def province() -> View:
    """The shipped agencies; every one of them receives over AMQP, and the national axis is there."""
    agencies = {agency.code: agency for agency in shipped_agencies()}
    systems = {code: System(code, Channel.AMQP, (code,)) for code in agencies}
    axis = Axis("00.53.W00", "Tây Ninh", frozenset({"H53", "A53"}))
    return View(axis, Directory(agencies, systems), TrustStore(()), national=True)


@dataclass(slots=True)
class Year:
    """Iterate once. `deliveries`: how many there will be at least, those of statuses included."""

    deliveries: int
    days: int = 365
    seed: int = 1

    def __iter__(self) -> Iterator[Change]:
        return _Story(self).tell()


class _Story:
    def __init__(self, year: Year) -> None:
        self._dice = random.Random(year.seed)
        self._view = province()
        local = sorted(self._view.directory.agencies)
        self._dice.shuffle(local)
        self._local = local
        # A few agencies send and receive most of it.
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(local))))
        self._numbers = count(1)
        self._order = count()
        self._ahead: list[tuple[datetime, int, Change]] = []
        self._days = self._working_days(year.days)
        self._wanted = year.deliveries
        self._made = 0

    def tell(self) -> Iterator[Change]:
        per_day = self._wanted / _PER_DELIVERY / len(self._days)
        due = 0.0
        for day in self._days:
            due += per_day
            for at in self._moments(day, due):
                yield from self._until(at)
                due -= self._document(at)
        while self._made < self._wanted:
            self._document(UNTIL - timedelta(seconds=self._dice.random()))
        yield from self._until(UNTIL)

    def _working_days(self, days: int) -> list[date]:
        first = day_of(UNTIL) - timedelta(days=days - 1)
        every = (first + timedelta(days=number) for number in range(days))
        return [day for day in every if self._view.calendar.is_working_day(day)]

    def _moments(self, day: date, deliveries: float) -> list[datetime]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)
        average = sum(number * chance for number, chance in _RECIPIENTS)
        moments = (
            midnight + timedelta(hours=min(max(self._dice.gauss(11.5, 3.0), 6.0), 20.0))
            for _ in range(round(deliveries / average))
        )
        return sorted(at for at in moments if at < UNTIL)

    def _until(self, at: datetime) -> Iterator[Change]:
        while self._ahead and self._ahead[0][0] <= at:
            yield heapq.heappop(self._ahead)[2]

    def _plan(self, at: datetime, change: Change) -> None:
        heapq.heappush(self._ahead, (at, next(self._order), change))

    def _id(self, at: datetime) -> str:
        millisecond = int(at.timestamp() * 1000)
        high = millisecond << 16 | 0x7 << 12 | self._dice.getrandbits(12)
        return str(UUID(int=high << 64 | 0b10 << 62 | self._dice.getrandbits(62)))

    def _agency(self) -> str:
        (found,) = self._dice.choices(self._local, cum_weights=self._weights)
        return found

    def _of(self, choices: Sequence[tuple[object, float]]) -> object:
        (found,) = self._dice.choices(
            [one for one, _ in choices], [chance for _, chance in choices]
        )
        return found

    # documents

    def _document(self, at: datetime) -> int:
        """A document is handed in at `at`; how many deliveries it has."""
        dice = self._dice
        abroad = dice.random() < 0.05
        sender = dice.choice(_MINISTRIES) if abroad else self._agency()
        number = next(self._numbers)
        facts = self._facts(at, sender, abroad=abroad, number=number)
        day = f"{at.astimezone(VIETNAM):%Y/%m/%d}"
        due = (
            f"{at.astimezone(VIETNAM) + timedelta(days=7):%Y/%m/%d}" if dice.random() < 0.1 else ""
        )
        record = SubmissionRecord(
            facts,
            SubmissionState.ACCEPTED,
            number=str(number % 4000 + 1),
            notation="STC-VP",
            promulgation_date=day,
            due_date=due,
            subject="Về việc quyết toán ngân sách năm 2026",
            external_id=f"document/{number}" if abroad else None,
        )
        fate = dice.random()
        if fate < 0.01:
            self._refused(record, at)
            return 0
        if fate < 0.013 and number > 1:
            self._plan(at, Change(replace(record, state=SubmissionState.DUPLICATE)))
            return 0
        recipients = self._recipients(sender, abroad=abroad)
        changed, later = [], list[tuple[datetime, Change]]()
        for recipient in recipients:
            delivery, follows = self._delivered(record, recipient, at)
            changed.append(delivery)
            later += follows
        waiting = [d for d in changed if d.state is DeliveryState.QUEUED]
        self._plan(
            at,
            Change(
                submission=record,
                payload=self._payload(facts),
                deliveries=tuple(changed),
                evidence=(self._settled(facts, changed, at),),
                outbox=tuple(
                    OutboxRow(d.id, OutboxKind.DELIVERY, d.destination, d.lane, at, facts.size)
                    for d in waiting
                ),
                links=self._links(record, at),
            ),
        )
        for moment, change in later:
            self._plan(moment, change)
        self._made += len(changed)
        return len(changed)

    def _facts(self, at: datetime, sender: str, *, abroad: bool, number: int) -> Facts:
        key = self._id(at)
        priority = 3 if self._dice.random() < 0.05 else 0
        return Facts(
            submission_id=key,
            door=Door.NATIONAL if abroad else Door.AMQP,
            account="" if abroad else sender,
            sender=sender,
            reply_to="" if abroad else sender,
            kind="document",
            business=str(self._of((("new", 0.985), ("update", 0.01), ("replace", 0.005)))),
            status="",
            document_id=f"{sender},{at.astimezone(VIETNAM):%Y/%m/%d},{number}/STC",
            digest=_digest(_body(key)),
            size=len(_body(key)),
            received_at=at,
            lane=Lane.URGENT if priority else Lane.NORMAL,
            priority=priority,
            legal_value=LegalValue.ORIGINAL,
            signature=_SIGNATURE,
            attachments=(
                Attachment(
                    "c1", "congvan.pdf", "application/pdf", "application/pdf", 5000, "sha256:0"
                ),
            ),
        )

    def _recipients(self, sender: str, *, abroad: bool) -> list[str]:
        number = int(str(self._of(_RECIPIENTS)))
        found = {self._agency() for _ in range(number)} - {sender}
        if not abroad and self._dice.random() < 0.08:
            found.add(self._dice.choice(_MINISTRIES))
        return sorted(found) or [next(code for code in self._local if code != sender)]

    def _refused(self, record: SubmissionRecord, at: datetime) -> None:
        refusal = refuse(self._dice.choice(_REFUSALS))
        evidence = Evidence(
            self._id(at),
            Event.SUBMISSION_REJECTION,
            at,
            record.facts,
            refusal=refusal,
            receipt_to=record.facts.reply_to or None,
        )
        record = replace(
            record, state=SubmissionState.REFUSED, reason=refusal.code, external_id=None
        )
        self._plan(at, Change(record, self._payload(record.facts), evidence=(evidence,)))

    def _payload(self, facts: Facts) -> Payload:
        return Payload(facts.digest, facts.size, _body(facts.submission_id))

    def _settled(self, facts: Facts, deliveries: Sequence[Delivery], at: datetime) -> Evidence:
        abroad = facts.door is Door.NATIONAL
        return Evidence(
            self._id(at),
            Event.RECEIVED_FROM_NON_ERDS if abroad else Event.SUBMISSION_ACCEPTANCE,
            at,
            facts,
            recipients=tuple(_outcome(one, "accepted") for one in deliveries),
            receipt_to=facts.reply_to or None,
        )

    def _links(self, record: SubmissionRecord, at: datetime) -> tuple[Link, ...]:
        if self._dice.random() > 0.03:
            return ()
        kind = LinkKind.REPLY if record.facts.business == "new" else LinkKind(record.facts.business)
        earlier = self._dice.randint(1, max(int(record.number), 2))
        answered = f"{self._agency()},2026/05/05,{earlier}/STC"
        facts = record.facts
        return (Link(self._id(at), facts.submission_id, kind, answered[:13], answered),)

    # one delivery, to its end

    def _delivered(
        self, record: SubmissionRecord, recipient: str, at: datetime
    ) -> tuple[Delivery, list[tuple[datetime, Change]]]:
        """The delivery as it stands at the end, and what happens to it after it was settled."""
        facts = record.facts
        delivery = self._new_delivery(facts, recipient, at)
        watch = begin(
            self._view,
            created_at=at,
            inbox=recipient,
            due_date=record.due_date,
            kind=facts.kind,
        )
        delivery = replace(delivery, watch=watch)
        if at > _STILL_WAITING:
            return delivery, []
        left = at + timedelta(milliseconds=self._dice.randint(20, 400))
        delivery = replace(delivery, state=DeliveryState.SENT)
        national = delivery.route is RouteKind.NATIONAL
        event = Event.RELAY_ACCEPTANCE if national else Event.CONTENT_CONSIGNMENT
        later = [(left, Change(evidence=(self._about(facts, delivery, event, left),)))]
        answers = self._answers(at)
        for moment, code in answers:
            delivery = self._lapsed(facts, delivery, min(moment, _LAST_TOLD), later)
            delivery = self._reported(facts, delivery, code, moment, later)
        delivery = self._lapsed(facts, delivery, _LAST_TOLD, later)
        if answers and self._dice.random() < 0.002:
            later.append((UNTIL, self._recalled(facts, delivery)))
        return delivery, later

    def _new_delivery(self, facts: Facts, recipient: str, at: datetime) -> Delivery:
        abroad = recipient in _MINISTRIES
        return Delivery(
            id=self._id(at),
            submission_id=facts.submission_id,
            identity=Identity(facts.sender, facts.business, recipient, facts.document_id),
            addressed=(recipient,),
            inbox=recipient,
            route=RouteKind.NATIONAL if abroad else RouteKind.LOCAL,
            lane=facts.lane,
            priority=facts.priority,
            digest=facts.digest,
            proof=facts.digest,
            state=DeliveryState.QUEUED,
            created_at=at,
            expires_at=at + timedelta(days=5),
        )

    def _answers(self, at: datetime) -> list[tuple[datetime, str]]:
        """Statuses about it before the end, in order; one in twenty of them takes days."""
        moments, moment = [], at
        codes = self._of(_ANSWERS)
        assert isinstance(codes, tuple)
        for code in codes:
            hours = self._dice.lognormvariate(0.0, 1.4) * (24 if self._dice.random() < 0.05 else 1)
            moment += timedelta(hours=hours)
            if moment <= UNTIL:
                moments.append((moment, str(code)))
        return moments

    def _reported(
        self,
        facts: Facts,
        delivery: Delivery,
        code: str,
        at: datetime,
        later: list[tuple[datetime, Change]],
    ) -> Delivery:
        watch = reported(delivery.watch, code, at, self._view, delivery.inbox)
        refused = code == "02"
        state = DeliveryState.REJECTED if refused else DeliveryState.HANDED_OVER
        event = Event.CONSIGNMENT_REJECTION if refused else Event.CONTENT_HANDOVER
        moved = replace(
            delivery,
            state=state,
            status=furthest(delivery.status, code),
            reason="recipient-refused" if refused else "",
            watch=ended(watch) if refused else watch,
        )
        change = self._status(facts, moved, code, at)
        if state is not delivery.state:
            witness = self._about(facts, moved, event, at)
            if refused:
                witness = replace(
                    witness, refusal=refuse("recipient-refused", agency=delivery.inbox)
                )
            change = replace(change, evidence=(*change.evidence, witness))
        later.append((at, change))
        return moved

    def _status(self, about: Facts, of: Delivery, code: str, at: datetime) -> Change:
        """The status's own way: to the document's sender, whose system takes it at once."""
        self._made += 1
        key = self._id(at)
        abroad = of.route is RouteKind.NATIONAL
        facts = replace(
            about,
            submission_id=key,
            door=Door.NATIONAL if abroad else Door.AMQP,
            account="" if abroad else of.inbox,
            sender=of.inbox,
            reply_to="" if abroad else of.inbox,
            kind="status",
            business="",
            status=code,
            digest=_digest(_body(key)),
            received_at=at,
            attachments=(),
        )
        proof = facts.digest[-16:]
        delivery = replace(
            self._new_delivery(facts, about.sender, at),
            identity=Identity(
                facts.sender, f"status/{code}/{proof}", about.sender, about.document_id
            ),
            state=DeliveryState.SENT,
        )
        unmatched = self._dice.random() < 0.0005
        status = StatusRecord(
            self._id(at),
            key,
            None if unmatched else of.id,
            about.sender,
            about.document_id,
            of.inbox,
            code,
            at,
        )
        return Change(
            submission=SubmissionRecord(facts, SubmissionState.ACCEPTED),
            payload=self._payload(facts),
            deliveries=(delivery,),
            evidence=(
                self._settled(facts, (delivery,), at),
                self._about(facts, delivery, Event.CONTENT_CONSIGNMENT, at),
            ),
            statuses=(status,),
        )

    def _lapsed(
        self,
        facts: Facts,
        delivery: Delivery,
        until: datetime,
        later: list[tuple[datetime, Change]],
    ) -> Delivery:
        """Tells what fell due until `until`, each at its moment."""
        while (at := delivery.watch.next_due) is not None and at <= until:
            known = KnownDelivery(delivery, facts, None)
            change = lapse(known, self._view, at, mint=lambda at=at: self._id(at))  # type: ignore[misc]
            for update in change.updates:
                delivery = updated(delivery, update)
            if change.evidence:
                later.append((at, Change(evidence=change.evidence)))
        return delivery

    def _recalled(self, facts: Facts, delivery: Delivery) -> Change:
        outcome = self._dice.choice((RecallOutcome.AGREED, RecallOutcome.REFUSED))
        asked = UNTIL - timedelta(days=2)
        return Change(
            recalls=(Recall(delivery.id, facts.submission_id, asked, outcome, answered_at=UNTIL),)
        )

    def _about(self, facts: Facts, delivery: Delivery, event: Event, at: datetime) -> Evidence:
        return Evidence(
            self._id(at),
            event,
            at,
            facts,
            delivery_id=delivery.id,
            recipient=_outcome(delivery, delivery.status or "accepted"),
            receipt_to=facts.reply_to or None,
        )


def _outcome(delivery: Delivery, outcome: str) -> RecipientOutcome:
    return RecipientOutcome(
        delivery.identity.recipient, delivery.addressed, outcome, delivery.inbox, delivery.route
    )


def _body(key: str) -> bytes:
    return f"<edXML>{key}</edXML>".encode()


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
