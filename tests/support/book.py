"""A ledger of the core's own values, for tests of decisions: it answers questions and takes changes in.

Strict where a decision could cheat: it answers only what was asked, hands out copies, and refuses to
take in what a ledger would refuse.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from axisd.core.case import prepare
from axisd.core.evidence import Evidence
from axisd.core.history import Link, StatusRecord
from axisd.core.inspection import Inspection
from axisd.core.lifecycle import FAILED
from axisd.core.reasons import FAILURE_EVENTS
from axisd.core.records import (
    Change,
    Delivery,
    Known,
    KnownDelivery,
    OutboxRow,
    Questions,
    SubmissionRecord,
    updated,
)
from axisd.core.settlement import questions, settle
from axisd.core.submission import Door
from axisd.core.view import View
from tests.support.values import NOW, minter, view


class Book:
    """What was decided so far."""

    def __init__(self, view_: View | None = None) -> None:
        self.view = view_ or view()
        self.deliveries: dict[str, KnownDelivery] = {}
        self.externals: dict[tuple[Door, str], str] = {}
        self.outbox: dict[str, OutboxRow] = {}
        self.evidence: list[Evidence] = []
        self.submissions: list[SubmissionRecord] = []
        self.statuses: dict[str, StatusRecord] = {}
        self.links: list[Link] = []
        self.changes: list[Change] = []
        self.mint = minter(1_000_000)

    def known(self, asked: Questions) -> Known:
        """The answers to exactly what was asked."""
        answers = Known()
        for item in map(self._with_failure, self.deliveries.values()):
            identity = item.delivery.identity
            document = identity.sender, identity.document_id
            if (
                identity in asked.identities
                or item.delivery.id in asked.deliveries
                or (
                    identity.of_document
                    and (
                        document in asked.documents
                        or (document in asked.recalled and item.recall is not None)
                        or (identity.recipient, identity.document_id) in asked.addressed
                    )
                )
            ):
                answers.add(item)
        for link in self.links:
            for item in self.deliveries.values():
                if (
                    (link.issuer, link.document_id) in asked.changing
                    and item.delivery.submission_id == link.submission_id
                    and link.changes(item.delivery.identity.recipient)
                ):
                    answers.changes(item, link.issuer, link.document_id)
        answers.gone.update(asked.rows - self.outbox.keys())
        answers.unmatched.update(
            (said.id, said)
            for said in self.statuses.values()
            if said.delivery_id is None and (said.issuer, said.document_id) in asked.unmatched
        )
        for record in self.submissions:
            if record.number_key in asked.numbers - answers.numbers.keys():
                answers.learn_number(record)
        answers.externals.update({k: v for k, v in self.externals.items() if k in asked.externals})
        return answers

    def known_all(self) -> Known:
        """All deliveries, whatever was asked."""
        return self.known(Questions(deliveries=frozenset(self.deliveries)))

    def decide(self, inspection: Inspection, known: Known, now: datetime = NOW) -> Change:
        """The settlement on this ground, not taken in."""
        return settle(prepare(inspection, self.view), known, self.view, mint=self.mint, now=now)

    def _with_failure(self, item: KnownDelivery) -> KnownDelivery:
        told = [
            evidence.id
            for evidence in self.evidence
            if evidence.delivery_id == item.delivery.id
            and evidence.event in FAILURE_EVENTS
            and evidence.receipt_to is not None
        ]
        failed = item.delivery.state in FAILED and told
        return replace(item, failure=told[-1]) if failed else item

    def settle(self, inspection: Inspection, now: datetime = NOW) -> Change:
        """Settles and takes in, in a transaction of its own."""
        case = prepare(inspection, self.view)
        change = settle(
            case, self.known(questions(case, self.view)), self.view, mint=self.mint, now=now
        )
        self.take_in(change)
        return change

    def settle_together(self, *inspections: Inspection, now: datetime = NOW) -> list[Change]:
        """Settles all of them in one transaction, as a group commit does."""
        cases = [prepare(inspection, self.view) for inspection in inspections]
        asked = Questions()
        for case in cases:
            asked |= questions(case, self.view)
        known, changes = self.known(asked), []
        for case in cases:
            change = settle(case, known, self.view, mint=self.mint, now=now)
            known.learn(change)
            changes.append(change)
        for change in changes:
            self.take_in(change)
        return changes

    def take_in(self, change: Change) -> None:
        """Writes `change`."""
        taken = {item.delivery.identity for item in self.deliveries.values()}
        acceptance = next((e.id for e in change.evidence if e.receipt_to is not None), None)
        for delivery in change.deliveries:
            assert delivery.identity not in taken, "one delivery for one identity"
            taken.add(delivery.identity)
            assert change.submission is not None
            assert change.payload is not None
            assert delivery.digest == change.payload.digest
            facts = change.submission.facts
            self.deliveries[delivery.id] = KnownDelivery(
                delivery, facts, acceptance, mailbox=delivery.first_mark
            )
        for update in change.updates:
            item = self.deliveries[update.id]
            self.deliveries[update.id] = replace(item, delivery=updated(item.delivery, update))
        record = change.submission
        if record is not None:
            self.submissions.append(record)
        if record is not None and record.external_id is not None:
            key = (record.facts.door, record.external_id)
            self.externals.setdefault(key, record.facts.submission_id)
        self._remember(change)
        self._rearrange(change)
        self.evidence += change.evidence
        self.changes.append(change)

    def _remember(self, change: Change) -> None:
        for said in change.statuses:
            assert said.id not in self.statuses, "a status is noted once"
            assert said.delivery_id is None or said.delivery_id in self.deliveries
            self.statuses[said.id] = said
        for joined in change.joined:
            said = self.statuses[joined.id]
            assert said.delivery_id is None, "a status is joined once"
            self.statuses[joined.id] = replace(said, delivery_id=joined.delivery_id)
        for recall in change.recalls:
            item = self.deliveries[recall.delivery_id]
            self.deliveries[recall.delivery_id] = replace(item, recall=recall)
        for mark in change.mailbox:
            item = self.deliveries[mark.id]
            assert item.mailbox is not None, "only what is in a mailbox is marked"
            self.deliveries[mark.id] = replace(item, mailbox=mark)
        self.links += change.links

    def _rearrange(self, change: Change) -> None:
        told = {item.id for item in (*self.evidence, *change.evidence)}
        for row in change.outbox:
            assert row.id not in self.outbox, "an id waits once"
            assert row.id in told or row.id in self.deliveries, "nothing waits that is not there"
            self.outbox[row.id] = row
        for row in change.resend:
            assert row.id in told, "only what was told can be told again"
            self.outbox.setdefault(row.id, row)
        for key in change.done:
            self.outbox.pop(key, None)

    def history(self, recipient: str) -> list[str]:
        """The codes reported about deliveries to `recipient`, as they came."""
        return [
            said.code
            for said in self.statuses.values()
            if said.delivery_id is not None
            and self.deliveries[said.delivery_id].delivery.identity.recipient == recipient
        ]

    def delivery(self, recipient: str, *, kind: str = "document") -> Delivery:
        """The one delivery to `recipient`."""
        (found,) = (
            item.delivery
            for item in self.deliveries.values()
            if item.delivery.identity.recipient == recipient and item.facts.kind == kind
        )
        return found
