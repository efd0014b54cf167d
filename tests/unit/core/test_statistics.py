"""What the numbers of a report mean; that they are all counted is shown against a ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.calendar import Calendar
from axisd.core.history import RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.measures import GROUPS, MEASURES, Group, Measure
from axisd.core.period import one_day
from axisd.core.records import RouteKind
from axisd.core.statistics import Copy, HandIn, Line, Side, Spread, Step, Tally, Traffic, spread
from axisd.core.submission import Door, Lane
from axisd.core.zone import day_of
from tests.support.recount import rank
from tests.support.traffic import COMMUNE, FINANCE, HEALTH, MIDNIGHT, MINISTRY, OFFICE

AT = MIDNIGHT + timedelta(hours=9)
HOUR = timedelta(hours=1)
AS_OF = MIDNIGHT + timedelta(days=3)


def copy(**changes: Any) -> Copy:
    made = Copy(HEALTH, HEALTH, "new", RouteKind.LOCAL, DeliveryState.SENT, "")
    return made._replace(**changes)


def hand_in(*copies: Copy, **changes: Any) -> HandIn:
    made = HandIn(
        id="1",
        received_at=AT,
        door=Door.AMQP,
        kind="document",
        business="new",
        sender=FINANCE,
        reply_to=FINANCE,
        state=SubmissionState.ACCEPTED,
        reason="",
        lane=Lane.NORMAL,
        original=True,
        repeated=False,
        unmatched=False,
        copies=copies,
        turned_away=(),
        recalls=(),
    )
    return made._replace(**changes)


def counted(*hand_ins: HandIn) -> Traffic:
    tally = Tally(one_day(day_of(AT)), AS_OF, Calendar())
    tally.take(hand_ins)
    return tally.traffic()


def line(traffic: Traffic, code: str, side: Side = Side.AGENCY) -> Line:
    [found] = [one for one in traffic.side(side) if one.code == code]
    return found


def test_every_measure_has_a_meaning_in_both_languages_and_no_two_of_a_group_one_name() -> None:
    assert list(MEASURES) == list(Measure)
    assert set(GROUPS) == set(Group)
    for group in Group:
        for language in (0, 1):
            names = [m.name[language] for m in MEASURES.values() if m.group is group]
            assert all(names)
            assert len(set(names)) == len(names)
    assert all(m.exactly.en and m.exactly.vi for m in MEASURES.values())


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_median_and_p95_are_exact_by_nearest_rank(seconds: list[int]) -> None:
    found = spread(timedelta(seconds=value) for value in seconds)
    assert found.number == len(seconds)
    assert found.median == timedelta(seconds=rank(seconds, 50))
    assert found.p95 == timedelta(seconds=rank(seconds, 95))
    assert found.worst == timedelta(seconds=max(seconds))


def test_of_nothing_there_is_no_median() -> None:
    assert spread([]) == Spread(0, None, None, None)


def test_a_refusal_counts_for_the_agency_that_was_told_not_for_whom_the_envelope_names() -> None:
    refused = hand_in(
        sender=OFFICE, reply_to=FINANCE, state=SubmissionState.REFUSED, reason="schema-invalid"
    )
    nameless = refused._replace(reply_to="")
    traffic = counted(refused, nameless)
    assert [one.code for one in traffic.lines] == ["", FINANCE]
    told = line(traffic, FINANCE)
    assert (told[Measure.REFUSED], told[Measure.SUBMISSIONS]) == (1, 1)
    assert told.reasons == {Measure.REFUSED: {"schema-invalid": 1}}


def test_what_comes_over_the_national_axis_counts_for_whom_the_envelope_names_there() -> None:
    traffic = counted(
        hand_in(copy(), door=Door.NATIONAL, sender=MINISTRY, reply_to=""),
        hand_in(
            door=Door.NATIONAL,
            sender=MINISTRY,
            reply_to="",
            state=SubmissionState.REFUSED,
            reason="recipient-unknown",
        ),
    )
    ministry = line(traffic, MINISTRY, Side.NATIONAL)
    assert (ministry[Measure.DOCUMENTS], ministry[Measure.REFUSED]) == (1, 1)
    assert line(traffic, HEALTH)[Measure.FROM_NATIONAL] == 1
    assert traffic.national[Measure.SENT] == traffic.agencies[Measure.ADDRESSED] == 1


def test_an_intake_office_receives_for_others_and_the_copy_is_theirs() -> None:
    traffic = counted(hand_in(copy(recipient=COMMUNE, inbox=OFFICE)))
    commune, office = line(traffic, COMMUNE), line(traffic, OFFICE)
    assert (commune[Measure.RECEIVED], commune[Measure.THROUGH_INTAKE]) == (1, 1)
    assert (office[Measure.FOR_OTHERS], office[Measure.ADDRESSED]) == (1, 0)


def test_an_organ_elsewhere_is_not_received_for_when_it_is_reached_under_another_code() -> None:
    outward = copy(recipient=MINISTRY, inbox="G14", route=RouteKind.NATIONAL)
    traffic = counted(hand_in(outward))
    assert [one.code for one in traffic.lines] == [FINANCE, MINISTRY]
    assert line(traffic, FINANCE)[Measure.SENT_NATIONAL] == 1
    assert traffic.total[Measure.THROUGH_INTAKE] == 0


def test_what_a_recipient_refused_was_received_and_what_was_refused_on_the_way_was_not() -> None:
    traffic = counted(
        hand_in(
            copy(state=DeliveryState.REJECTED, reason="recipient-refused"),
            copy(recipient=OFFICE, inbox=OFFICE, state=DeliveryState.REJECTED, reason="inbox-gone"),
        )
    )
    assert (line(traffic, HEALTH)[Measure.DECLINED], line(traffic, HEALTH)[Measure.RECEIVED]) == (
        1,
        1,
    )
    lost = line(traffic, OFFICE)
    assert (lost[Measure.FAILED], lost[Measure.RECEIVED]) == (1, 0)
    assert lost.reasons == {Measure.FAILED: {"inbox-gone": 1}}
    assert line(traffic, FINANCE).reasons == {Measure.SENT_FAILED: {"inbox-gone": 1}}


def test_recalls_and_statuses_are_no_copies() -> None:
    traffic = counted(
        hand_in(copy(business="recall/x"), business="recall", recalls=(RecallOutcome.WITHDRAWN,)),
        hand_in(copy(business="status/03/x"), kind="status", business="", unmatched=True),
    )
    sender, recipient = line(traffic, FINANCE), line(traffic, HEALTH)
    assert (sender[Measure.RECALLS], sender[Measure.RECALLS_WITHDRAWN]) == (1, 1)
    assert (sender[Measure.STATUSES], sender[Measure.UNMATCHED]) == (1, 1)
    assert sender[Measure.SENT] == recipient[Measure.ADDRESSED] == 0
    assert (recipient[Measure.RECALL_NOTICES], recipient[Measure.STATUSES_RECEIVED]) == (1, 1)


def test_a_document_handed_in_again_for_others_is_counted_once_and_its_copies_all() -> None:
    traffic = counted(hand_in(copy()), hand_in(copy(recipient=OFFICE), repeated=True))
    sender = line(traffic, FINANCE)
    assert (sender[Measure.DOCUMENTS], sender[Measure.FURTHER], sender[Measure.SENT]) == (1, 1, 2)
    assert sender[Measure.ORIGINALS] == 1


@pytest.mark.parametrize(
    ("dates", "missed"),
    [
        ({}, []),
        ({"arrival_due": AT + HOUR, "arrived_at": AT + HOUR}, []),
        ({"arrival_due": AS_OF}, []),
        ({"arrival_due": AT + HOUR, "arrived_at": AT + 2 * HOUR}, [Measure.ARRIVAL_LATE]),
        ({"arrival_due": AT + HOUR}, [Measure.ARRIVAL_OUTSTANDING]),
        (
            {"registration_due": AT, "registered_at": AT + HOUR, "arrival_due": AT},
            [Measure.ARRIVAL_OUTSTANDING, Measure.REGISTRATION_LATE],
        ),
        ({"registration_due": AT}, [Measure.REGISTRATION_OUTSTANDING]),
        ({"registration_due": AT, "recall_due": AS_OF}, []),
    ],
)
def test_overdue_is_what_was_late_or_is_outstanding(
    dates: dict[str, Any], missed: list[Measure]
) -> None:
    found = line(counted(hand_in(copy(**dates))), HEALTH)
    kinds = [
        Measure.ARRIVAL_LATE,
        Measure.ARRIVAL_OUTSTANDING,
        Measure.REGISTRATION_LATE,
        Measure.REGISTRATION_OUTSTANDING,
    ]
    assert [kind for kind in kinds if found[kind]] == missed
    assert found[Measure.OVERDUE] == bool(missed)


def test_while_a_recall_is_unanswered_its_answer_is_overdue_and_no_reply_is() -> None:
    found = line(counted(hand_in(copy(reply_due=AT, recall_due=AT))), HEALTH)
    assert (found[Measure.RECALL_OVERDUE], found[Measure.REPLY_OVERDUE]) == (1, 0)
    found = line(counted(hand_in(copy(reply_due=AT))), HEALTH)
    assert (found[Measure.RECALL_OVERDUE], found[Measure.REPLY_OVERDUE]) == (0, 1)


def test_times_run_by_the_clock_and_by_office_hours() -> None:
    evening = MIDNIGHT + timedelta(hours=16)
    found = line(
        counted(
            hand_in(copy(arrived_at=evening + 15 * HOUR), received_at=evening),
            hand_in(copy(arrived_at=AT - HOUR), id="2"),
        ),
        HEALTH,
    )
    times = found.times[Step.ARRIVAL]
    # From 16:00 until 07:00 the next day: the last hour before 17:00. Before its time: at once.
    assert times.wire == Spread(2, timedelta(), 15 * HOUR, 15 * HOUR)
    assert times.legal == Spread(2, timedelta(), HOUR, HOUR)
    assert found.times[Step.REGISTRATION].wire.number == 0


def test_the_course_has_every_hour_of_a_day_whether_or_not_anything_happened() -> None:
    outward = copy(recipient=MINISTRY, route=RouteKind.NATIONAL)
    course = counted(hand_in(copy(), outward)).course
    assert [bucket.start.hour for bucket in course] == list(range(24))
    assert [(b.copies, b.national) for b in course if b.copies or b.national] == [(1, 1)]
    assert course[9].copies == 1


def test_what_was_not_received_in_the_period_is_left_out() -> None:
    late = hand_in(copy(), received_at=MIDNIGHT + timedelta(days=1))
    assert counted(late).lines == ()
