from dataclasses import replace
from typing import Any

import pytest

from axisd.core.lifecycle import DeliveryState
from axisd.core.not_taken import not_taken
from axisd.core.reasons import Event
from axisd.core.reconciliation import NOT_TAKEN
from axisd.core.records import Change, KnownDelivery, RouteKind, updated
from tests.support.values import FINANCE, MINISTRY, NOW, delivery, facts, minter, view


def known(**changes: Any) -> KnownDelivery:
    made = delivery(recipient=MINISTRY, route=RouteKind.NATIONAL, state=DeliveryState.SENT)
    return KnownDelivery(replace(made, **changes), facts(), None)


def decided(of: KnownDelivery | None, words: str = "lỗi đọc tệp.") -> Change:
    return not_taken(of, "n1", words, view(), mint=minter(), now=NOW)


def test_the_sender_is_told_with_evidence_and_the_delivery_stays_sent() -> None:
    of = known()
    change = decided(of)
    (evidence,) = change.evidence
    assert (evidence.event, evidence.external_id) == (Event.CONTENT_HANDOVER_FAILURE, "n1")
    assert (evidence.delivery_id, evidence.receipt_to) == (of.delivery.id, FINANCE)
    assert evidence.refusal is not None
    assert "lỗi đọc tệp. " in evidence.refusal.text("vi")
    assert [row.destination for row in change.outbox] == [f"receipts:{FINANCE}"]
    (update,) = change.updates
    assert (update.state, update.reason) == (DeliveryState.SENT, NOT_TAKEN)
    assert update.watch is None


def test_nobody_is_told_twice() -> None:
    of = known()
    (update,) = decided(of).updates
    told = replace(of, delivery=updated(of.delivery, update))
    assert decided(told) == Change()


@pytest.mark.parametrize("state", [DeliveryState.HANDED_OVER, DeliveryState.REJECTED])
def test_what_the_recipient_said_itself_stands(state: DeliveryState) -> None:
    assert decided(known(state=state)) == Change()


def test_a_delivery_that_is_not_known_changes_nothing() -> None:
    assert decided(None) == Change()


def test_without_words_it_says_that_there_are_none() -> None:
    refusal = decided(known(), "").evidence[0].refusal
    assert refusal is not None
    assert "no reason given" in refusal.text("en")
