from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from axisd.core.calendar import Calendar, Hours, Span
from axisd.core.deadlines import (
    answered,
    asked_back,
    begin,
    ended,
    next_due,
    placed,
    replied,
    reported,
)
from axisd.core.history import UNWATCHED, Watch
from axisd.core.policy import DeadlineKind, DeadlinePolicy
from axisd.core.zone import VIETNAM
from tests.support.values import HEALTH, view

VIEW = view()
LEADS = DeadlinePolicy().leads


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026: the 5th is a Monday, and the default calendar knows no holidays."""
    return datetime(2026, 1, day, hour, minute, tzinfo=VIETNAM)


MONDAY_MORNING = at(5, 8)


def begun(created_at: datetime = MONDAY_MORNING, due_date: str = "", **changes: object) -> Watch:
    made = replace(VIEW, **changes)  # type: ignore[arg-type]
    return begin(made, created_at=created_at, inbox=HEALTH, due_date=due_date, kind="document")


def heard(watch: Watch, code: str, when: datetime) -> Watch:
    return reported(watch, code, when, VIEW, HEALTH)


# begin


def test_a_document_is_to_arrive_today_and_to_be_registered_tomorrow() -> None:
    watch = begun()
    assert (watch.arrival_due, watch.registration_due) == (at(5, 17), at(6, 17))
    assert (watch.reply_due, watch.recall_due) == (None, None)


def test_a_document_of_friday_night_counts_for_monday() -> None:
    watch = begun(at(9, 18))
    assert (watch.arrival_due, watch.registration_due) == (at(12, 17), at(13, 17))


def test_nothing_is_awaited_of_the_probe_agency() -> None:
    assert begun(due_date="2026/01/20", probe=HEALTH) == UNWATCHED
    assert begun(due_date="2026/01/20") != UNWATCHED


def test_nothing_is_awaited_for_a_status() -> None:
    status = begin(
        VIEW, created_at=MONDAY_MORNING, inbox=HEALTH, due_date="2026/01/20", kind="status"
    )
    assert status == UNWATCHED


def test_hours_are_those_of_the_inbox() -> None:
    early = Hours((Span.of("06:00-12:00"),))
    assert begun(calendar=Calendar(agencies={HEALTH: (early,)})).arrival_due == at(5, 12)


def test_a_due_date_asks_for_a_reply_by_the_end_of_that_day() -> None:
    assert begun(due_date="2026/01/20").reply_due == at(20, 17)


def test_a_due_date_on_a_day_off_is_due_on_the_working_day_before() -> None:
    assert begun(due_date="2026/01/18").reply_due == at(16, 17)


def test_whoever_is_asked_on_a_saturday_for_a_reply_on_sunday_has_until_monday() -> None:
    assert begun(at(17, 9), due_date="2026/01/18").reply_due == at(19, 17)


@pytest.mark.parametrize(
    "text", ["", "20/01/2026", "2026-01-20", "2026/13/01", "0000/01/01", "2026/01/2٠", "soon"]
)
def test_what_is_no_date_asks_for_no_reply(text: str) -> None:
    assert begun(due_date=text).reply_due is None


@pytest.mark.parametrize("text", ["2026/01/20 10:30:00", "2026-01-20T03:30:00Z"])
def test_a_due_date_with_an_hour_is_due_at_that_moment(text: str) -> None:
    assert begun(due_date=text).reply_due == at(20, 10, 30)


def test_a_day_written_as_its_first_second_is_that_day() -> None:
    assert begun(due_date="2026/01/20 00:00:00").reply_due == at(20, 17)


def test_an_hour_that_had_passed_asks_for_no_reply() -> None:
    assert begun(at(5, 10), due_date="2026/01/05 09:59:59").reply_due is None
    assert begun(at(5, 10), due_date="2026/01/05 10:00:01").reply_due == at(5, 10).replace(second=1)


def test_an_hour_before_it_counts_as_received_leaves_the_next_working_day() -> None:
    assert begun(at(17, 9), due_date="2026/01/18 10:00:00").reply_due == at(19, 17)


def test_a_day_that_is_over_asks_for_no_reply() -> None:
    assert begun(due_date="2026/01/04").reply_due is None
    assert begun(due_date="2026/01/05").reply_due == at(5, 17)


def test_somebody_looks_first_when_a_reminder_is_due() -> None:
    assert begun().next_due == at(5, 15)


def test_whoever_just_got_it_is_not_reminded_of_it() -> None:
    watch = begun(at(5, 16))
    assert "arrival-due" in watch.told
    assert watch.next_due == at(5, 17)


def test_without_reminders_the_deadline_comes_first() -> None:
    assert begun(deadlines=DeadlinePolicy(remind=False)).next_due == at(5, 17)
    assert begun(deadlines=DeadlinePolicy({DeadlineKind.ARRIVAL: timedelta()})).next_due == at(
        5, 17
    )


@pytest.mark.parametrize("kind", [DeadlineKind.ARRIVAL, DeadlineKind.REGISTRATION])
def test_what_is_not_watched_has_no_deadline(kind: DeadlineKind) -> None:
    watch = begun(deadlines=DeadlinePolicy({k: v for k, v in LEADS.items() if k is not kind}))
    assert (watch.arrival_due is None) is (kind is DeadlineKind.ARRIVAL)
    assert (watch.registration_due is None) is (kind is DeadlineKind.REGISTRATION)


def test_no_reply_is_awaited_where_replies_are_not_watched() -> None:
    watch = begun(due_date="2026/01/20", deadlines=DeadlinePolicy({}))
    assert watch == UNWATCHED


# reported


def test_01_says_that_it_arrived_and_registration_is_still_awaited() -> None:
    watch = heard(begun(), "01", at(5, 9))
    assert (watch.arrived_at, watch.registered_at) == (at(5, 9), None)
    assert watch.arrival_due == at(5, 17)
    assert watch.next_due == at(6, 11)


@pytest.mark.parametrize("code", ["02", "03", "04", "05", "06"])
def test_later_words_say_that_it_arrived_and_was_taken_up(code: str) -> None:
    watch = heard(begun(), code, at(5, 9))
    assert (watch.arrived_at, watch.registered_at) == (at(5, 9), at(5, 9))
    assert watch.next_due is None


@pytest.mark.parametrize("code", ["13", "15", "16", "99", ""])
def test_other_words_change_nothing(code: str) -> None:
    assert heard(begun(), code, at(5, 9)) == begun()


def test_the_earliest_word_counts_in_whatever_order_they_come() -> None:
    words = [("03", at(5, 10)), ("01", at(5, 9)), ("06", at(7, 9))]
    forth, back = begun(), begun()
    for code, when in words:
        forth = heard(forth, code, when)
    for code, when in reversed(words):
        back = heard(back, code, when)
    assert forth == back
    assert (forth.arrived_at, forth.registered_at) == (at(5, 9), at(5, 10))


def test_a_late_word_leaves_the_deadline_to_be_told() -> None:
    watch = heard(begun(), "03", at(8, 9))
    assert watch.next_due == at(5, 17)
    assert watch.registration_due == at(6, 17)


def test_a_word_on_the_last_minute_is_in_time() -> None:
    watch = heard(heard(begun(), "01", at(5, 17)), "03", at(6, 17))
    assert watch.next_due is None


def test_after_a_refusal_no_reply_is_awaited() -> None:
    watch = heard(begun(due_date="2026/01/20"), "02", at(5, 9))
    assert (watch.reply_due, watch.next_due) == (None, None)


def test_a_word_about_what_is_not_watched_is_noted_and_asks_for_nothing() -> None:
    watch = heard(UNWATCHED, "03", at(5, 9))
    assert (watch.registered_at, watch.next_due) == (at(5, 9), None)


# replied, recalls, end


def test_a_reply_ends_the_wait_for_it_and_nothing_else() -> None:
    watch = replied(begun(due_date="2026/01/06"), VIEW, HEALTH)
    assert watch.reply_due is None
    assert watch.registration_due == at(6, 17)
    assert watch.next_due == begun().next_due


def test_a_recall_is_to_be_answered_by_the_end_of_the_next_working_day() -> None:
    watch = asked_back(heard(begun(), "03", at(5, 9)), at(9, 9), VIEW, HEALTH)
    assert watch.recall_due == at(12, 17)
    assert watch.next_due == at(12, 11)


def test_how_many_days_there_are_for_an_answer_is_a_setting() -> None:
    patient = replace(VIEW, deadlines=DeadlinePolicy(recall_days=3))
    assert asked_back(begun(), at(9, 9), patient, HEALTH).recall_due == at(14, 17)
    unasked = replace(VIEW, deadlines=DeadlinePolicy({}))
    assert asked_back(begun(), at(9, 9), unasked, HEALTH) == begun()


def test_nobody_is_pressed_to_register_what_was_asked_back() -> None:
    watch = asked_back(heard(begun(due_date="2026/01/06"), "01", at(5, 9)), at(5, 10), VIEW, HEALTH)
    told = replace(watch, told=watch.told | {"recall-answer-due", "recall-answer-overdue"})
    assert next_due(told, VIEW, HEALTH) is None
    assert answered(told, VIEW, HEALTH).next_due is not None


def test_a_second_recall_has_a_deadline_of_its_own() -> None:
    first = asked_back(begun(), at(5, 9), VIEW, HEALTH)
    told = replace(first, told=first.told | {"recall-answer-due", "recall-answer-overdue"})
    second = asked_back(answered(told, VIEW, HEALTH), at(12, 9), VIEW, HEALTH)
    assert second.recall_due == at(13, 17)
    assert not {"recall-answer-due", "recall-answer-overdue"} & second.told


def test_an_answered_recall_leaves_what_was_awaited_before() -> None:
    watch = asked_back(begun(), at(5, 9), VIEW, HEALTH)
    assert answered(watch, VIEW, HEALTH) == begun()


def test_nothing_is_awaited_of_what_ended() -> None:
    watch = ended(begun(due_date="2026/01/20"))
    assert (watch.arrival_due, watch.registration_due, watch.reply_due) == (None, None, None)
    assert watch.next_due is None


def test_what_was_done_stays_noted_after_the_end() -> None:
    watch = ended(heard(begun(), "03", at(5, 9)))
    assert (watch.arrived_at, watch.registered_at) == (at(5, 9), at(5, 9))
    assert (watch.arrival_due, watch.registration_due) == (at(5, 17), at(6, 17))


def test_what_was_done_late_is_still_told_after_the_end() -> None:
    assert ended(heard(begun(), "02", at(8, 9))).next_due == at(5, 17)


def test_a_word_after_the_end_awakes_nothing() -> None:
    assert heard(ended(begun()), "03", at(20, 9)).next_due is None


# placed


def test_what_left_at_once_changes_no_deadline() -> None:
    assert placed(begun(), at(5, 8, 1), VIEW, HEALTH) == begun()


def test_time_runs_anew_when_our_own_outbox_was_late() -> None:
    watch = placed(begun(due_date="2026/01/06"), at(7, 9), VIEW, HEALTH)
    assert (watch.arrival_due, watch.registration_due) == (at(7, 17), at(8, 17))
    assert watch.reply_due is None


def test_a_deadline_that_moved_has_a_reminder_of_its_own() -> None:
    watch = placed(begun(at(5, 16)), at(7, 9), VIEW, HEALTH)
    assert "arrival-due" not in watch.told
    assert watch.next_due == at(7, 15)


def test_what_was_already_done_keeps_its_deadline() -> None:
    watch = heard(begun(), "03", at(5, 9))
    assert placed(watch, at(7, 9), VIEW, HEALTH) == watch


def test_what_ended_does_not_begin_anew() -> None:
    assert placed(ended(begun()), at(7, 9), VIEW, HEALTH).next_due is None
