from itertools import permutations, product

from hypothesis import given
from hypothesis import strategies as st

from axisd.core.envelope import STATUS_CODES
from axisd.core.lifecycle import (
    OPEN,
    TRANSITIONS,
    DeliveryEvent,
    DeliveryState,
    after,
    furthest,
)

S, E = DeliveryState, DeliveryEvent


def walked(*events: DeliveryEvent, start: DeliveryState = S.QUEUED) -> DeliveryState:
    state = start
    for event in events:
        state = after(state, event)
    return state


def test_every_state_is_reached_from_queued() -> None:
    reached = {S.QUEUED}
    while True:
        more = {after(state, event) for state, event in product(reached, E)} - reached
        if not more:
            break
        reached |= more
    assert reached == set(S)


def test_every_event_of_the_table_moves_something() -> None:
    assert {event for _, event in TRANSITIONS} == set(E)


def test_an_event_that_is_not_in_the_table_changes_nothing() -> None:
    for state, event in product(S, E):
        if (state, event) not in TRANSITIONS:
            assert after(state, event) is state


def test_no_transition_leads_back_from_an_end_to_an_open_state() -> None:
    for (state, _), result in TRANSITIONS.items():
        if result in OPEN:
            assert state in OPEN


def test_a_status_that_overtakes_the_confirm_ends_in_the_same_state() -> None:
    assert walked(E.CONFIRMED, E.TAKEN) is walked(E.TAKEN, E.CONFIRMED) is S.HANDED_OVER
    assert walked(E.CONFIRMED, E.TURNED_DOWN) is walked(E.TURNED_DOWN, E.CONFIRMED) is S.REJECTED


def test_a_refusal_after_taking_counts_and_taking_after_a_refusal_does_not() -> None:
    assert walked(E.CONFIRMED, E.TAKEN, E.TURNED_DOWN) is S.REJECTED
    assert walked(E.CONFIRMED, E.TURNED_DOWN, E.TAKEN) is S.REJECTED


def test_what_is_held_while_it_is_under_way_still_comes_to_its_end() -> None:
    for event in (E.CONFIRMED, E.REFUSED, E.OUTLIVED, E.TAKEN, E.TURNED_DOWN, E.WITHDRAWN):
        assert walked(E.HELD, event) not in OPEN
    assert walked(E.HELD, E.FAILED) is S.HELD


@given(st.permutations(["01", "03", "04", "05", "06"]))
def test_the_furthest_status_does_not_depend_on_the_order_of_arrival(codes: list[str]) -> None:
    current = ""
    for code in codes:
        current = furthest(current, code)
    assert current == "06"


def test_any_two_statuses_give_the_same_in_either_order() -> None:
    for one, other in permutations(STATUS_CODES, 2):
        if one == "13" or other == "13":
            continue
        assert furthest(furthest("", one), other) == furthest(furthest("", other), one)


def test_a_refusal_stands_above_all_that_was_reported_before() -> None:
    assert furthest("06", "02") == "02"
    assert furthest("02", "03") == "02"


def test_a_word_that_says_nothing_about_progress_does_not_replace_one_that_does() -> None:
    assert furthest("03", "13") == "03"
    assert furthest("03", "99") == "03"
