"""Receipts put together: what the axis said of one submission, and about whom it still owes word."""

from __future__ import annotations

from dataclasses import replace

from axisd.adapters.amqp import Received
from axisd.client.answer import Answer
from axisd.client.handled import Failures, Handled
from axisd.client.receipt import Receipt, receipt_of
from axisd.core.evidence import Evidence
from axisd.core.reasons import Event, refuse
from axisd.core.receiptproof import ReceiptVerifier
from tests.support.evidence import RECIPIENT, UNKNOWN, accepted, consigned, refused
from tests.support.letters import Seals

SEALS = Seals(b"<a/>")


class Spy:
    async def ack(self) -> None:
        raise AssertionError("nothing is acknowledged here")


def receipt(evidence: Evidence, seals: Seals = SEALS, *, trusted: bool = True) -> Receipt:
    received = Received(
        body=seals.about(evidence),
        message_id=evidence.id,
        type=evidence.event.value,
        correlation_id="D",
        headers={},
        priority=0,
        redelivered=False,
        _message=Spy(),  # type: ignore[arg-type] # only asked to acknowledge
    )
    verifier = ReceiptVerifier(seals.trust) if trusted else None
    return receipt_of(received, verifier, Handled(received, Failures()), lambda _: None)


def answer(*receipts: Receipt) -> Answer:
    found = Answer(SEALS.facts.digest)
    for one in receipts:
        assert found.take(one)
    return found


ACCEPTED = replace(accepted(), recipients=(RECIPIENT,))


def test_before_any_receipt_nothing_is_settled() -> None:
    empty = answer()
    assert not any((empty.settled, empty.accepted, empty.rejected, empty.complete))


def test_an_acceptance_owes_word_about_each_recipient_that_it_accepted() -> None:
    found = answer(receipt(ACCEPTED))
    assert found.accepted
    assert found.unheard == {RECIPIENT.organ}
    assert not found.complete
    assert found.take(receipt(consigned()))
    assert found.complete


def test_it_failed_as_soon_as_anybody_does_not_get_it() -> None:
    assert not answer(receipt(ACCEPTED), receipt(consigned())).failed
    partial = replace(accepted(), recipients=(RECIPIENT, UNKNOWN))
    assert answer(receipt(partial)).failed
    why = refuse("national-refused", agency=RECIPIENT.organ, code="15", detail="x")
    turned_away = replace(consigned(), event=Event.RELAY_REJECTION, refusal=why)
    assert answer(receipt(ACCEPTED), receipt(turned_away)).failed


def test_a_rejection_settles_it_and_carries_its_reason() -> None:
    found = answer(receipt(refused()))
    assert found.rejected
    assert found.failed
    assert found.complete
    assert found.refusal is not None
    assert found.refusal.reason == "schema-invalid"
    assert found.refusal.reason_text.vi


def test_others_receipts_and_the_same_once_more_are_not_taken() -> None:
    found = answer(receipt(ACCEPTED))
    assert not found.take(receipt(ACCEPTED))
    assert not found.take(receipt(ACCEPTED, Seals(b"<other/>")))
    assert len(found.receipts) == 1


def test_a_receipt_says_nothing_unless_it_is_proven_where_there_is_trust_to_prove_it_by() -> None:
    proven = receipt(ACCEPTED)
    assert proven.proven
    assert proven.digest == SEALS.facts.digest
    unjudged = receipt(ACCEPTED, trusted=False)
    assert not unjudged.proven
    assert unjudged.digest == SEALS.facts.digest
    stranger = Seals(b"<a/>")
    forged = ReceiptVerifier(stranger.trust).verify(SEALS.about(ACCEPTED))
    assert not forged.valid
    assert forged.facts is None
