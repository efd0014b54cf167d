from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.deadlines import (
    answered,
    asked_back,
    begin,
    ended,
    placed,
    replied,
    reported,
)
from axisd.core.history import Watch
from axisd.core.lapses import OWED, lapse
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.policy import DeadlineKind, DeadlinePolicy
from axisd.core.reasons import Event, Fault
from axisd.core.records import Change, KnownDelivery, RouteKind, updated
from axisd.core.view import View
from axisd.core.zone import VIETNAM
from tests.support.values import (
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    OFFICE,
    delivery,
    directory,
    facts,
    minter,
    system,
    view,
)

VIEW = view()
MINT = minter(5000)
S = DeliveryState


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026: the 5th is a Monday."""
    return datetime(2026, 1, day, hour, minute, tzinfo=VIETNAM)


MONDAY = at(5, 8)


def known(
    state: DeliveryState = S.SENT,
    *,
    due_date: str = "",
    watch: Watch | None = None,
    where: View = VIEW,
    inbox: str = HEALTH,
    **changes: object,
) -> KnownDelivery:
    """A delivery of Monday morning."""
    begun = begin(where, created_at=MONDAY, inbox=inbox, due_date=due_date, kind="document")
    made = delivery(recipient=HEALTH, state=state, inbox=inbox, created_at=MONDAY)
    made = replace(made, watch=watch or begun, **changes)  # type: ignore[arg-type]
    return KnownDelivery(made, facts(), None)


def lapsed(of: KnownDelivery, now: datetime, where: View = VIEW) -> Change:
    return lapse(of, where, now, mint=MINT)


def after(of: KnownDelivery, change: Change) -> KnownDelivery:
    """`of` as the ledger has it after `change`."""
    for update in change.updates:
        of = replace(of, delivery=updated(of.delivery, update))
    return of


def said(change: Change) -> list[tuple[str, str | None]]:
    """What was told to whom."""
    return [(e.refusal.code, e.receipt_to) for e in change.evidence if e.refusal is not None]


def test_before_its_moment_nothing_happens() -> None:
    assert lapsed(known(), at(5, 14, 59)) == Change()


def test_within_the_grace_nothing_is_said() -> None:
    minute = timedelta(minutes=1)
    assert lapse(known(), VIEW, at(5, 15), mint=MINT, grace=minute) == Change()
    change = lapse(known(), VIEW, at(5, 17, 1), mint=MINT, grace=minute)
    assert said(change) == [("arrival-overdue", FINANCE)]
    assert change.evidence[0].at == at(5, 17, 1), "told when it is told"
    owed = known(S.DEFERRED)
    assert lapse(owed, VIEW, at(5, 17), mint=MINT, grace=minute).evidence == ()


def test_the_recipient_is_reminded_before_the_deadline() -> None:
    change = lapsed(known(), at(5, 15))
    assert said(change) == [("arrival-due", HEALTH)]
    (evidence,) = change.evidence
    assert evidence.event is Event.CONSIGNMENT_NOTIFICATION
    assert evidence.refusal is not None
    assert "2026-01-05T17:00:00+07:00" in evidence.refusal.text("en")
    assert [(row.id, row.destination) for row in change.outbox] == [
        (evidence.id, f"receipts:{HEALTH}")
    ]
    assert after(known(), change).delivery.watch.next_due == at(5, 17)


def test_the_sender_is_told_after_the_deadline() -> None:
    reminded = after(known(), lapsed(known(), at(5, 15)))
    change = lapsed(reminded, at(5, 17))
    assert said(change) == [("arrival-overdue", FINANCE)]
    assert change.evidence[0].refusal is not None
    assert change.evidence[0].refusal.reason.fault is Fault.RECIPIENT
    assert change.outbox[0].destination == f"receipts:{FINANCE}"
    assert after(reminded, change).delivery.watch.next_due == at(6, 11)


def test_who_was_not_reminded_in_time_is_not_reminded_too_late() -> None:
    of = known(due_date="2026/01/08")
    change = lapsed(of, at(9, 8))
    assert said(change) == [
        ("arrival-overdue", FINANCE),
        ("registration-overdue", FINANCE),
        ("reply-overdue", FINANCE),
    ]
    assert after(of, change).delivery.watch.next_due is None


def test_the_same_is_not_told_again() -> None:
    of = known()
    once = after(of, lapsed(of, at(5, 15)))
    assert lapsed(once, at(5, 15)) == Change()
    twice = after(once, lapsed(once, at(20, 8)))
    assert lapsed(twice, at(30, 8)) == Change()


def test_a_sender_behind_the_national_axis_is_told_nothing_and_the_evidence_is_there() -> None:
    of = replace(known(), facts=facts(reply_to=""))
    change = lapsed(of, at(5, 17))
    assert said(change) == [("arrival-overdue", None)]
    assert change.outbox == ()


@pytest.mark.parametrize(
    ("route", "inbox"), [(RouteKind.MAILBOX, DOOR), (RouteKind.NATIONAL, MINISTRY)]
)
def test_who_has_no_receipts_queue_here_is_not_reminded(route: RouteKind, inbox: str) -> None:
    of = known(inbox=inbox, route=route)
    change = lapsed(of, at(5, 15))
    assert (change.evidence, change.outbox) == ((), ())
    assert said(lapsed(after(of, change), at(5, 17))) == [("arrival-overdue", FINANCE)]


def test_an_agency_that_no_system_serves_any_more_is_not_reminded() -> None:
    moved = replace(VIEW, directory=directory(systems=[system("door", HEALTH, channel="vxp")]))  # type: ignore[arg-type]
    assert lapsed(known(), at(5, 15), moved).evidence == ()
    gone = replace(VIEW, directory=directory(systems=[system("finance", FINANCE)]))
    assert lapsed(known(), at(5, 15), gone).evidence == ()


def test_the_office_that_receives_for_a_commune_is_reminded() -> None:
    of = known(inbox=OFFICE)
    of = replace(
        of, delivery=replace(of.delivery, identity=replace(of.delivery.identity, recipient=COMMUNE))
    )
    change = lapsed(of, at(5, 15))
    assert said(change) == [("arrival-due", OFFICE)]
    assert change.evidence[0].recipient is not None
    assert change.evidence[0].recipient.organ == COMMUNE


def test_what_was_done_late_is_told_as_late() -> None:
    of = known(watch=reported(known().delivery.watch, "03", at(7, 9), VIEW, HEALTH))
    change = lapsed(of, at(7, 10))
    assert said(change) == [("arrival-overdue", FINANCE), ("registration-overdue", FINANCE)]


def test_a_recall_that_nobody_answers_is_told() -> None:
    of = known(S.HANDED_OVER, watch=asked_back(Watch(), at(5, 9), VIEW, HEALTH))
    reminded = lapsed(of, at(6, 11))
    assert said(reminded) == [("recall-answer-due", HEALTH)]
    assert said(lapsed(after(of, reminded), at(6, 17))) == [("recall-answer-overdue", FINANCE)]


@pytest.mark.parametrize("state", [S.REJECTED, S.EXPIRED, S.WITHDRAWN, S.RECALLED])
def test_of_what_is_over_nothing_is_awaited_whoever_forgot_to_say_so(state: DeliveryState) -> None:
    of = known(state)
    change = lapsed(of, at(20, 8))
    assert change.evidence == ()
    assert after(of, change).delivery.watch == ended(of.delivery.watch)


def test_a_kind_that_is_no_longer_watched_is_passed_over() -> None:
    only = replace(VIEW, deadlines=DeadlinePolicy({DeadlineKind.REGISTRATION: timedelta(hours=4)}))
    of = known()
    change = lapsed(of, at(5, 17), only)
    assert change.evidence == ()
    assert after(of, change).delivery.watch.next_due == at(6, 11)


# our own outbox


@pytest.mark.parametrize("state", sorted(OPEN))
def test_nobody_is_reminded_of_what_we_have_not_handed_over(state: DeliveryState) -> None:
    of = known(state)
    change = lapsed(of, at(5, 15))
    assert change.evidence == ()
    assert after(of, change).delivery.watch.next_due == at(5, 17)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_we_owe_is_told_once_as_our_fault(state: DeliveryState) -> None:
    of = known(state)
    change = lapsed(of, at(5, 17))
    assert said(change) == [("consignment-overdue", FINANCE)]
    assert change.evidence[0].refusal is not None
    assert change.evidence[0].refusal.reason.fault is Fault.AXIS
    left = after(of, change)
    assert left.delivery.watch.next_due is None
    assert lapsed(left, at(8, 17)) == Change()


def test_a_recipient_is_not_blamed_for_the_time_that_we_took() -> None:
    of = known(S.DEFERRED)
    of = after(of, lapsed(of, at(5, 17)))
    watch = placed(of.delivery.watch, at(7, 9), VIEW, HEALTH)
    sent = replace(of, delivery=replace(of.delivery, state=S.SENT, watch=watch))
    assert said(lapsed(sent, at(7, 15))) == [("arrival-due", HEALTH)]
    assert said(lapsed(sent, at(7, 17))) == [("arrival-overdue", FINANCE)]


# any order of statuses and sweeps

_CODES = ["01", "02", "03", "04", "05", "06"]
_DONE_BY = {"arrival-overdue": set(_CODES), "registration-overdue": set(_CODES) - {"01"}}
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*_CODES, "sweep", "sweep", "sweep", "reply", "recall", "answer", "end"]),
        st.integers(0, 60 * 30),
    ),
    max_size=14,
)


@given(_STEPS, st.booleans())
def test_each_thing_is_told_once_and_nothing_that_was_done_in_time(
    steps: Sequence[tuple[str, int]], remind: bool
) -> None:
    where = replace(VIEW, deadlines=DeadlinePolicy(remind=remind))
    of = known(due_date="2026/01/07", where=where)
    first = of.delivery.watch
    dues = {
        "arrival-overdue": first.arrival_due,
        "registration-overdue": first.registration_due,
        "reply-overdue": first.reply_due,
    }
    now, recalled = MONDAY, False
    told: Counter[str] = Counter()
    done: list[tuple[str, datetime]] = []
    for step, minutes in steps:
        now += timedelta(minutes=minutes)
        watch = of.delivery.watch
        match step:
            case "sweep":
                change = lapse(of, where, now, mint=MINT)
                of = after(of, change)
                for code, _ in said(change):
                    told[code] += 1
                    assert not any(
                        step in _DONE_BY.get(code, {"reply"})
                        and (due := dues.get(code))
                        and when <= due
                        for step, when in done
                    ), f"{code} although it was done in time"
                due = of.delivery.watch.next_due
                assert due is None or due > now, "nothing is left over that was due"
                continue
            case "reply":
                watch = replied(watch, where, HEALTH)
            case "recall" if not recalled:
                watch, recalled = asked_back(watch, now, where, HEALTH), True
            case "answer":
                watch = answered(watch, where, HEALTH)
            case "end":
                watch = ended(watch)
            case code:
                watch = reported(watch, code, now, where, HEALTH)
        done.append((step, now))
        of = replace(of, delivery=replace(of.delivery, watch=watch))
    assert all(count == 1 for count in told.values()), told
    assert remind or not any(code.endswith("-due") for code in told)
    assert OWED not in told


@given(st.permutations([("01", at(5, 9)), ("03", at(6, 9)), ("06", at(6, 10))]))
def test_the_order_in_which_statuses_are_heard_does_not_matter(
    words: Sequence[tuple[str, datetime]],
) -> None:
    watch = known().delivery.watch
    for code, when in words:
        watch = reported(watch, code, when, VIEW, HEALTH)
    assert watch.next_due is None
    assert (watch.arrived_at, watch.registered_at) == (at(5, 9), at(6, 9))
