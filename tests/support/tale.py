"""The life of one document as a ledger has it: sent to two, registered late, refused, recalled, replied to, updated.

Made by hand, so that a trace has everything that it can have. What the axis itself decides is tested elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from axisd.adapters.memory import MemoryLedger
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.history import Link, LinkKind, Recall, RecallOutcome, StatusRecord, Watch
from axisd.core.inspection import STEPS, Outcome, Step
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, Refusal, refuse
from axisd.core.receipts import Sealer
from axisd.core.records import Change, Delivery, Identity, Payload, Records, SubmissionRecord
from axisd.core.timeline import Timeline
from axisd.core.view import Axis
from axisd.ports import Ledger
from tests.support.signed_world import world
from tests.support.values import (
    FINANCE,
    HEALTH,
    OFFICE,
    UNKNOWN,
    an_id,
    attachment,
    delivery,
    digest_of,
    facts,
)

BEGIN = datetime(2026, 11, 2, 2, 0, 0, 123_456, tzinfo=UTC)
"""09:00 on a Monday in Vietnam."""
ID = f"{FINANCE},2026/11/02,12/STC"
REPLY_ID = f"{HEALTH},2026/11/04,3/SYT"
UPDATE_ID = f"{FINANCE},2026/11/05,13/STC"
EARLIER_ID = f"{OFFICE},2026/10/01,5/UBND"
LOST_ID = "local-4711"
CENTRE = "00.53.W00"
SUBJECT = "Về việc riêng của ông A"
ATTACHED = "ong-A.pdf"
WORDS = "Văn thư ghi: ông A"
REFUSED_FOR = "Gửi nhầm <b>nơi nhận</b>"


def after(**units: float) -> datetime:
    return BEGIN + timedelta(**units)


def _body(key: str) -> bytes:
    return f"<edXML>{key}</edXML>".encode()


async def write(ledger: Ledger, changes: Iterable[Change], sealer: Sealer) -> None:
    """Seals and writes each of the changes, as the axis does."""
    for change in changes:
        async with ledger.transaction() as transaction:
            head = await transaction.head()
            entries, receipts = sealer.seal_group(change.evidence, head)
            await transaction.write(Records((change,), tuple(entries), tuple(receipts)))


def accepted(sender: str, document_id: str, number: str, notation: str, date: str) -> Change:
    """Another document, accepted, with these on its paper."""
    key = an_id()
    told = facts(
        submission_id=key, sender=sender, document_id=document_id, received_at=after(days=9)
    )
    return Change(
        SubmissionRecord(
            told, SubmissionState.ACCEPTED, number=number, notation=notation, promulgation_date=date
        )
    )


class Tale:
    """`changes` in order of time; the rest are the parts that tests look for."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.changes: list[Change] = []
        self.earlier = self._facts(after(days=-30), sender=OFFICE, document_id=EARLIER_ID)
        self._accept(self._record(self.earlier, "5", "UBND-VP"), [])
        self.document = self._facts(BEGIN, attachments=(attachment(name=ATTACHED),))
        self.health = self._leg(
            self.document,
            HEALTH,
            state=DeliveryState.HANDED_OVER,
            status="03",
            watch=Watch(
                arrival_due=after(hours=8),
                registration_due=after(days=1, hours=8),
                reply_due=after(days=10),
                recall_due=after(days=5),
                arrived_at=after(minutes=5),
                registered_at=after(days=2),
                told=frozenset({"registration-overdue"}),
            ),
        )
        self.office = self._leg(
            self.document, OFFICE, state=DeliveryState.REJECTED, status="02",
            reason="recipient-refused",
        )  # fmt: skip
        self._document()
        self._history()
        self._recall()
        self._others()

    @property
    def until(self) -> datetime:
        """After everything but the deadlines of the reply and of the recall."""
        return after(days=4)

    def _document(self) -> None:
        links = (
            self._link(self.document, LinkKind.REPLY, OFFICE, EARLIER_ID),
            self._link(self.document, LinkKind.UPDATE, FINANCE, LOST_ID, OFFICE),
        )
        record = replace(
            self._record(self.document, "12", "STC-VP"), due_date="2026/11/12", subject=SUBJECT
        )
        self._accept(
            record,
            [self.health, self.office],
            RecipientOutcome(
                UNKNOWN, (UNKNOWN,), "refused",
                refusal=refuse("recipient-unknown", at="/edXML/To", line=9, agency=UNKNOWN),
            ),
            links=links,
            warnings=(
                refuse("attachment-name-differs", at="/edXML/a", name=ATTACHED, listed=ATTACHED),
            ),
        )  # fmt: skip
        for leg in (self.health, self.office):
            self._happens(leg, Event.CONTENT_CONSIGNMENT, after(seconds=1))
        again = replace(self.document, submission_id=self._id(), received_at=after(minutes=1))
        self.duplicate = again
        self.changes.append(
            Change(
                replace(
                    record, facts=again, state=SubmissionState.DUPLICATE,
                    duplicate_of=self.document.submission_id,
                )
            )
        )  # fmt: skip

    def _history(self) -> None:
        self.arrived = self._status("01", HEALTH, self.health, after(minutes=5))
        self._happens(self.health, Event.CONTENT_HANDOVER, after(minutes=5))
        self._status("02", OFFICE, self.office, after(minutes=10))
        self._happens(
            self.office, Event.CONSIGNMENT_REJECTION, after(minutes=10),
            refuse("recipient-refused", agency=OFFICE, detail=REFUSED_FOR),
        )  # fmt: skip
        self._happens(
            self.health, Event.CONSIGNMENT_NOTIFICATION, after(days=1, hours=8),
            refuse("registration-overdue", agency=HEALTH, due="2026-11-03T17:00:00+07:00"),
        )  # fmt: skip
        self._status("03", HEALTH, self.health, after(days=2))
        self.unmatched = self._status("06", HEALTH, None, after(days=2, hours=1))

    def _recall(self) -> None:
        self.recall = self._facts(after(days=3), business="recall")
        self._accept(
            self._record(self.recall, "12", "STC-VP"),
            [self._leg(self.recall, HEALTH)],
            links=(self._link(self.recall, LinkKind.RECALL, FINANCE, ID),),
        )
        asked = Recall(
            self.health.id, self.recall.submission_id, after(days=3), RecallOutcome.ASKED
        )
        self.changes.append(Change(recalls=(asked,)))

    def _others(self) -> None:
        """Later documents that refer to it, under ids of their own."""
        reply = self._facts(after(days=2, hours=2), sender=HEALTH, document_id=REPLY_ID)
        self._accept(
            self._record(reply, "3", "SYT-VP"), [self._leg(reply, FINANCE)],
            links=(self._link(reply, LinkKind.REPLY, FINANCE, ID),),
        )  # fmt: skip
        update = self._facts(after(days=3, hours=2), business="update", document_id=UPDATE_ID)
        self._accept(
            self._record(update, "13", "STC-VP"), [self._leg(update, HEALTH)],
            links=(self._link(update, LinkKind.UPDATE, FINANCE, ID, HEALTH),),
        )  # fmt: skip

    def _id(self) -> str:
        return an_id(900_000 + next(self._numbers))

    def _facts(self, at: datetime, **changes: Any) -> Facts:
        key = self._id()
        told = {"document_id": ID, "submission_id": key, "received_at": at} | changes
        made = facts(digest=digest_of(_body(key)), size=len(_body(key)), **told)
        return replace(made, reply_to=made.sender)

    def _record(self, of: Facts, number: str = "", notation: str = "") -> SubmissionRecord:
        date = "2026/11/02" if number else ""
        return SubmissionRecord(
            of, SubmissionState.ACCEPTED, number=number, notation=notation, promulgation_date=date
        )

    def _leg(self, of: Facts, recipient: str, **changes: Any) -> Delivery:
        told = {"state": DeliveryState.SENT, "created_at": of.received_at} | changes
        business = f"status/{of.status}/{of.digest}" if of.status else of.business
        identity = Identity(of.sender, business, recipient, of.document_id)
        return delivery(of, recipient=recipient, id=self._id(), identity=identity, **told)

    def _link(
        self, of: Facts, kind: LinkKind, issuer: str, document_id: str, recipient: str = ""
    ) -> Link:
        return Link(self._id(), of.submission_id, kind, issuer, document_id, recipient)

    def _accept(
        self,
        record: SubmissionRecord,
        legs: list[Delivery],
        *refused: RecipientOutcome,
        links: tuple[Link, ...] = (),
        statuses: tuple[StatusRecord, ...] = (),
        warnings: tuple[Refusal, ...] = (),
    ) -> None:
        of = record.facts
        accepted = (
            RecipientOutcome(leg.identity.recipient, leg.addressed, "accepted", leg.inbox, "local")
            for leg in legs
        )
        evidence = Evidence(
            self._id(), Event.SUBMISSION_ACCEPTANCE, of.received_at, of,
            recipients=(*accepted, *refused),
            steps=tuple(Step(name, Outcome.PASSED) for name in STEPS),
            warnings=warnings,
            receipt_to=of.reply_to,
        )  # fmt: skip
        self.changes.append(
            Change(
                record,
                Payload(of.digest, of.size, _body(of.submission_id)),
                tuple(legs),
                (evidence,),
                links=links,
                statuses=statuses,
            )
        )

    def _status(
        self, code: str, reporter: str, about: Delivery | None, at: datetime
    ) -> SubmissionRecord:
        of = self._facts(at, sender=reporter, kind="status", business="", status=code)
        record = self._record(of)
        said = StatusRecord(
            self._id(),
            of.submission_id,
            about.id if about else None,
            FINANCE,
            ID,
            reporter,
            code,
            at,
            WORDS,
        )
        warnings = () if about else (refuse("date-invalid", field="X", found="<i>y</i>"),)
        leg = self._leg(of, FINANCE)
        self._accept(record, [leg], statuses=(said,), warnings=warnings)
        self._happens(leg, Event.CONTENT_CONSIGNMENT, at + timedelta(seconds=1), of=of)
        return record

    def _happens(
        self, leg: Delivery, event: Event, at: datetime, refusal: Refusal | None = None,
        *, of: Facts | None = None,
    ) -> None:  # fmt: skip
        of = of or self.document
        outcome = RecipientOutcome(
            leg.identity.recipient, leg.addressed, "accepted", leg.inbox, "local"
        )
        self.changes.append(
            Change(
                evidence=(
                    Evidence(
                        self._id(), event, at, of, leg.id, outcome,
                        refusal=refusal, receipt_to=of.reply_to,
                    ),
                )
            )
        )  # fmt: skip


TALE = Tale()


@cache
def sealer() -> Sealer:
    """Of an axis that the authority of `signed_world` certified."""
    credential = world().root.issue(CENTRE, name="Trục Tây Ninh", kind="ec-p256")
    return Sealer(Axis(CENTRE, "Trục", frozenset({"H53"})), credential.signing_key())


@cache
def timeline() -> Timeline:
    """What a ledger with the tale in it answers."""

    async def told() -> Timeline:
        ledger = MemoryLedger()
        await write(ledger, TALE.changes, sealer())
        return await ledger.timeline(ID)

    return asyncio.run(told())
