from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from axisd.core.advance import Attempt, Failed, Means, Sent, advance
from axisd.core.history import Recall, RecallOutcome
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.reasons import Event, refuse
from axisd.core.records import (
    Change,
    Delivery,
    Known,
    KnownDelivery,
    OutboxKind,
    Parcel,
    RouteKind,
)
from axisd.core.retry import Backoff
from axisd.core.submission import Lane
from tests.support.values import (
    DOOR,
    FINANCE,
    HEALTH,
    NOW,
    an_id,
    delivery,
    facts,
    minter,
    parcel,
    receipt_parcel,
    view,
)

S = DeliveryState
SILENT = Failed(refuse("broker-silent", agency=HEALTH))
MISSING = Failed(refuse("inbox-missing", agency=HEALTH))
FINAL = Failed(refuse("national-unknown-recipient", agency="G14"), final=True)


def means(late: timedelta = timedelta(), chance: float = 0.0) -> Means:
    backoff = Backoff(timedelta(seconds=2), timedelta(minutes=10))
    return Means(backoff, chance, minter(9000), NOW + late, view())


def known(of: Delivery) -> Known:
    answers = Known()
    answers.add(KnownDelivery(of, facts(), None))
    return answers


def advanced(
    attempt: Attempt,
    of: Delivery | None = None,
    now: DeliveryState | None = None,
    days: float = 0.0,
) -> Change:
    """What becomes of a delivery that was loaded as `of` and stands in state `now` meanwhile."""
    of = of or delivery()
    stands = replace(of, state=now) if now else of
    return advance(parcel(of), attempt, known(stands), means(timedelta(days)))


LATE = 6.0
"""Days after which a delivery has expired."""


def test_what_was_confirmed_leaves_the_outbox_with_evidence_and_a_receipt() -> None:
    of = delivery()
    change = advanced(Sent(), of)
    assert change.done == (of.id,)
    assert [(u.id, u.state, u.reason) for u in change.updates] == [(of.id, S.SENT, "")]
    (evidence,) = change.evidence
    assert (evidence.event, evidence.delivery_id) == (Event.CONTENT_CONSIGNMENT, of.id)
    assert evidence.recipient is not None
    assert (evidence.recipient.organ, evidence.recipient.outcome) == (HEALTH, "accepted")
    (row,) = change.outbox
    assert (row.id, row.kind) == (evidence.id, OutboxKind.RECEIPT)
    assert row.destination == f"receipts:{FINANCE}"
    assert not change.deferrals


def test_the_receipt_of_an_urgent_document_is_urgent() -> None:
    told = facts(lane=Lane.URGENT, priority=3)
    of = delivery(told)
    change = advance(parcel(of, facts=told), Sent(), known(of), means())
    assert change.outbox[0].lane is Lane.URGENT


def test_what_the_national_axis_took_keeps_its_number() -> None:
    change = advanced(Sent("4711"), delivery(route=RouteKind.NATIONAL))
    assert change.evidence[0].event is Event.RELAY_ACCEPTANCE
    assert change.evidence[0].external_id == "4711"


def test_nobody_is_told_where_nobody_can_be() -> None:
    told = facts(reply_to="")
    of = delivery(told)
    change = advance(parcel(of, facts=told), Sent(), known(of), means())
    assert change.evidence[0].receipt_to is None
    assert change.outbox == ()


def test_what_failed_is_put_off_with_backoff_and_its_reason() -> None:
    of = delivery()
    change = advanced(SILENT, of)
    (deferral,) = change.deferrals
    assert (deferral.id, deferral.attempts, deferral.reason) == (of.id, 1, "broker-silent")
    assert deferral.due_at == NOW + timedelta(seconds=1)
    assert not deferral.held
    assert [(u.state, u.reason) for u in change.updates] == [(S.DEFERRED, "broker-silent")]
    assert (change.done, change.evidence, change.outbox) == ((), (), ())


def test_each_failure_waits_longer() -> None:
    of = delivery(state=S.DEFERRED)
    loaded = parcel(of)
    tried = replace(loaded, row=replace(loaded.row, attempts=4))
    (deferral,) = advance(tried, SILENT, known(of), means()).deferrals
    assert (deferral.attempts, deferral.due_at) == (5, NOW + timedelta(seconds=16))


def test_what_failed_for_good_ends_with_evidence_that_the_sender_gets() -> None:
    change = advanced(FINAL, delivery(route=RouteKind.NATIONAL))
    assert [u.state for u in change.updates] == [S.REJECTED]
    (evidence,) = change.evidence
    assert evidence.event is Event.RELAY_REJECTION
    assert evidence.refusal == FINAL.refusal
    assert change.done
    assert change.outbox


@pytest.mark.parametrize(
    ("route", "event", "reason"),
    [
        (RouteKind.LOCAL, Event.CONTENT_CONSIGNMENT_FAILURE, "expired"),
        (RouteKind.NATIONAL, Event.RELAY_FAILURE, "national-expired"),
    ],
)
def test_what_still_fails_when_its_time_is_up_expires_with_evidence(
    route: RouteKind, event: Event, reason: str
) -> None:
    change = advanced(MISSING, delivery(route=route), days=LATE)
    assert [(u.state, u.reason) for u in change.updates] == [(S.EXPIRED, reason)]
    assert [(e.event, e.refusal and e.refusal.code) for e in change.evidence] == [(event, reason)]
    assert change.done
    assert not change.deferrals


def test_what_is_confirmed_although_its_time_was_up_counts_as_sent() -> None:
    change = advanced(Sent(), days=LATE)
    assert [u.state for u in change.updates] == [S.SENT]


@given(st.sampled_from(list(S)), st.sampled_from([Sent(), SILENT, FINAL]))
def test_a_row_that_was_ended_meanwhile_stays_ended(state: DeliveryState, attempt: Attempt) -> None:
    assume(state is not S.WITHDRAWN or not isinstance(attempt, Sent))
    of = delivery()
    answers = known(replace(of, state=state))
    answers.gone.add(of.id)
    assert advance(parcel(of), attempt, answers, means()) == Change()


def withdrawn(outcome: RecallOutcome | None = RecallOutcome.WITHDRAWN, status: str = "") -> Known:
    """What is known of a delivery that was withdrawn while it was under way."""
    of = delivery(state=S.WITHDRAWN, reason="withdrawn", status=status)
    recall = Recall(of.id, an_id(), NOW, outcome) if outcome else None
    answers = Known(gone={of.id})
    answers.add(KnownDelivery(of, facts(), None, recall))
    return answers


def confirmed(answers: Known) -> Change:
    (item,) = answers.deliveries.values()
    return advance(parcel(replace(item.delivery, state=S.QUEUED)), Sent(), answers, means())


def test_a_copy_that_left_while_it_was_withdrawn_did_leave_and_its_recall_is_open() -> None:
    answers = withdrawn()
    change = confirmed(answers)
    (update,), (recall,), (evidence,) = change.updates, change.recalls, change.evidence
    assert (update.state, update.reason) == (S.SENT, "")
    assert evidence.event is Event.CONTENT_CONSIGNMENT
    assert [row.destination for row in change.outbox] == [f"receipts:{FINANCE}"]
    assert recall.outcome is RecallOutcome.ASKED
    assert update.watch is not None
    assert update.watch.recall_due == view().calendar.add_working_days(NOW, 1, HEALTH)
    answers.learn(change)
    assert confirmed(answers) == Change(), "told once"


def test_a_copy_of_which_its_recipient_already_said_16_is_not_asked_for_again() -> None:
    change = confirmed(withdrawn(status="16"))
    assert [r.outcome for r in change.recalls] == [RecallOutcome.REFUSED]
    assert [u.state for u in change.updates] == [S.SENT]


def test_a_copy_that_left_while_its_recipient_was_dropped_is_where_it_is() -> None:
    change = confirmed(withdrawn(None))
    assert ([u.state for u in change.updates], change.recalls) == ([S.SENT], ())


def test_a_receipt_that_was_ended_meanwhile_stays_ended() -> None:
    loaded = receipt_parcel()
    assert advance(loaded, MISSING, Known(gone={loaded.row.id}), means()) == Change()


@pytest.mark.parametrize("state", [S.HANDED_OVER, S.REJECTED])
def test_a_confirm_that_a_status_overtook_is_still_evidence_and_keeps_what_was_said(
    state: DeliveryState,
) -> None:
    of = delivery()
    stands = replace(of, state=state, status="03", reason="recipient-refused")
    change = advance(parcel(of), Sent(), known(stands), means())
    assert [(u.state, u.status, u.reason) for u in change.updates] == [
        (state, "03", "recipient-refused")
    ]
    assert [e.event for e in change.evidence] == [Event.CONTENT_CONSIGNMENT]


@pytest.mark.parametrize("state", [S.HANDED_OVER, S.REJECTED])
def test_what_the_recipient_already_has_is_not_reported_as_failed_when_its_time_is_up(
    state: DeliveryState,
) -> None:
    of = delivery()
    assert advanced(SILENT, of, now=state, days=LATE) == Change(done=(of.id,))


def test_what_the_recipient_already_has_is_tried_on_without_changing_its_state() -> None:
    change = advanced(SILENT, now=S.HANDED_OVER)
    assert change.updates == ()
    assert len(change.deferrals) == 1


def test_what_an_operator_holds_while_it_is_under_way_stays_held() -> None:
    change = advanced(SILENT, now=S.HELD)
    assert [u.state for u in change.updates] == [S.HELD]
    assert [d.held for d in change.deferrals] == [True]


@pytest.mark.parametrize("state", [S.WITHDRAWN, S.EXPIRED])
def test_what_was_ended_while_it_was_under_way_and_did_not_arrive_stays_ended(
    state: DeliveryState,
) -> None:
    of = delivery(route=RouteKind.NATIONAL)
    assert advanced(FINAL, of, now=state) == Change(done=(of.id,))


def test_a_receipt_that_left_is_done_without_evidence() -> None:
    loaded = receipt_parcel()
    assert advance(loaded, Sent(), Known(), means()) == Change(done=(loaded.row.id,))


def test_a_receipt_for_an_agency_that_went_behind_a_door_ends_and_stays_in_the_ledger() -> None:
    loaded = receipt_parcel()
    behind = replace(loaded, row=replace(loaded.row, destination=f"receipts:{DOOR}"))
    assert advance(behind, MISSING, Known(), means()) == Change(done=(loaded.row.id,))


def test_a_receipt_that_did_not_leave_is_put_off_however_long_it_takes() -> None:
    loaded = receipt_parcel()
    change = advance(loaded, MISSING, Known(), means(timedelta(days=400)))
    assert [d.reason for d in change.deferrals] == ["inbox-missing"]
    assert change.done == ()


attempts = st.sampled_from([Sent(), Sent("1"), SILENT, MISSING, FINAL])


@given(
    attempts,
    st.sampled_from(list(S)),
    st.booleans(),
    st.sampled_from([RouteKind.LOCAL, RouteKind.NATIONAL]),
)
def test_a_row_either_ends_or_is_put_off_and_only_what_ends_an_open_delivery_is_a_failure(
    attempt: Attempt, state: DeliveryState, late: bool, route: RouteKind
) -> None:
    of = delivery(route=route)
    change = advanced(attempt, of, now=state, days=6.0 if late else 0.0)
    assert (change.done == (of.id,)) != (len(change.deferrals) == 1)
    assert len(change.evidence) <= 1
    for evidence in change.evidence:
        if evidence.refusal is not None:
            assert state in OPEN
        assert isinstance(attempt, Sent) == (evidence.refusal is None)
    for update in change.updates:
        arrived = state is S.WITHDRAWN and update.state is S.SENT
        assert state in OPEN or update.state is state or arrived


@given(attempts, st.sampled_from(sorted(OPEN)), st.booleans())
def test_a_mark_made_twice_because_its_commit_was_lost_is_written_once(
    attempt: Attempt, state: DeliveryState, late: bool
) -> None:
    of = delivery(state=state)
    answers, when = known(of), timedelta(days=6 if late else 0)
    first = advance(parcel(of), attempt, answers, means(when))
    answers.learn(first)
    again = advance(parcel(of), attempt, answers, means(when))
    if first.done:
        assert again == Change()
    else:
        assert (again.evidence, again.deferrals) == ((), first.deferrals)


def test_ids_are_minted_only_for_what_is_written() -> None:
    minted: list[str] = []

    def mint() -> str:
        minted.append(an_id())
        return minted[-1]

    of = delivery()
    advance(parcel(of), SILENT, known(of), replace(means(), mint=mint))
    assert minted == []


def test_a_delivery_that_the_ledger_does_not_tell_about_is_advanced_as_loaded() -> None:
    loaded: Parcel = parcel()
    change = advance(loaded, Sent(), Known(), means())
    assert [u.state for u in change.updates] == [S.SENT]
