from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from axisd.core.records import OutboxRow
from axisd.core.submission import Lane
from axisd.service import outbox
from axisd.service.outbox import DEPTH, PAGE, Schedule
from tests.support.values import NOW, row

URGENT, NORMAL = Lane.URGENT, Lane.NORMAL
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def schedule(*rows: OutboxRow, per_destination: int = 32, in_order: bool = False) -> Schedule:
    made = Schedule(per_destination=per_destination, in_order=in_order)
    made.add(rows, NOW)
    return made


def rows(
    count: int, destination: str = "local:a", start: int = 1, **changes: Any
) -> list[OutboxRow]:
    return [row(number, destination, **changes) for number in range(start, start + count)]


def names(taken: list[OutboxRow]) -> list[str]:
    return [item.destination for item in taken]


def emptied(made: Schedule, *, at_once: int = 8) -> list[str]:
    """Ids in the order in which they leave when every attempt succeeds at once."""
    order: list[str] = []
    while taken := made.next(NOW, at_once):
        for item in taken:
            order.append(item.id)
            made.left(item, NOW)
    return order


# turns


def test_an_urgent_row_overtakes_all_but_what_is_about_its_document() -> None:
    first, other, urgent = (
        row(1, about="a"),
        row(2, about="b"),
        row(3, about="a", lane=URGENT),
    )
    assert emptied(schedule(first, other, urgent)) == [urgent.id, first.id, other.id]
    made = schedule(first, other, urgent, in_order=True)
    assert emptied(made, at_once=1) == [first.id, urgent.id, other.id]


def test_rows_of_one_destination_leave_in_the_order_of_their_commits() -> None:
    waiting = rows(5)
    assert emptied(schedule(*waiting)) == [item.id for item in waiting]


def test_destinations_take_turns_however_much_one_of_them_has() -> None:
    made = schedule(*rows(100, "local:a"), *rows(2, "local:b", 500), *rows(1, "local:c", 600))
    assert names(made.next(NOW, 6)) == [
        "local:a",
        "local:b",
        "local:c",
        "local:a",
        "local:b",
        "local:a",
    ]


def test_turns_go_on_where_they_stopped() -> None:
    made = schedule(*rows(9, "local:a"), *rows(9, "local:b", 100), *rows(9, "local:c", 200))
    seen = [names(made.next(NOW, 2)) for _ in range(3)]
    assert seen == [["local:a", "local:b"], ["local:c", "local:a"], ["local:b", "local:c"]]


def test_no_more_than_asked_for_and_no_more_than_a_destination_may_have_under_way() -> None:
    made = schedule(*rows(100), per_destination=3)
    assert len(made.next(NOW, 2)) == 2
    assert len(made.next(NOW, 100)) == 1
    assert made.next(NOW, 100) == []
    assert made.next(NOW, 0) == []
    assert made.next(NOW, -5) == []


def test_a_dead_destination_with_ten_thousand_rows_delays_no_other() -> None:
    made = schedule(*rows(10_000, "local:dead"), *rows(50, "local:a", 20_000))
    first = made.next(NOW, 2)
    assert names(first) == ["local:dead", "local:a"]
    made.failed(first[0], replace(first[0], due_at=NOW + SECOND), SECOND, NOW)
    made.left(first[1], NOW)
    assert names(made.next(NOW, 1000)) == ["local:a"] * 32


# lanes


def test_urgent_rows_overtake_but_every_fourth_turn_is_a_normal_one() -> None:
    normal = rows(3, start=1)
    urgent = rows(10, start=100, lane=URGENT)
    made = schedule(*normal, *urgent, per_destination=1)
    order = emptied(made, at_once=1)
    kinds = {item.id: item.lane for item in (*normal, *urgent)}
    lanes = [kinds[key] for key in order]
    assert lanes[:12] == [URGENT, URGENT, URGENT, NORMAL] * 3
    assert lanes[12:] == [URGENT]


def test_an_urgent_row_does_not_wait_for_the_turn_of_its_destination() -> None:
    backlog = [one for n in range(50) for one in rows(20, f"national:{n}", start=1 + 20 * n)]
    made = schedule(*backlog, per_destination=1)
    late = row(99_999, "national:49", lane=URGENT)
    made.add([late], NOW)
    assert made.next(NOW, 1) == [late]


def test_urgent_rows_of_all_destinations_leave_a_share_to_normal_ones() -> None:
    urgent = [one for n in "abc" for one in rows(20, f"local:{n}", start=ord(n) * 100, lane=URGENT)]
    made = schedule(*urgent, *rows(10, "local:z"), per_destination=100)
    lanes = [one.lane for one in made.next(NOW, 40)]
    assert lanes == [URGENT, URGENT, URGENT, NORMAL] * 10


def test_destinations_with_urgent_rows_take_turns() -> None:
    urgent = [one for n in "ab" for one in rows(3, f"local:{n}", start=ord(n) * 100, lane=URGENT)]
    assert names(schedule(*urgent).next(NOW, 3)) == ["local:a", "local:b", "local:a"]


def test_an_urgent_row_of_a_destination_that_is_paused_lets_the_others_go() -> None:
    made = schedule(row(1, lane=URGENT), row(2, "local:b"), per_destination=1)
    (first,) = made.next(NOW, 1)
    made.failed(first, first, MINUTE, NOW)
    assert names(made.next(NOW, 5)) == ["local:b"]


def test_an_urgent_row_overtakes_even_the_backlog_that_is_only_in_the_ledger() -> None:
    made = schedule(*rows(DEPTH + 10, start=1), per_destination=1)
    late = row(99_999, lane=URGENT)
    made.add([late], NOW)
    assert made.next(NOW, 1) == [late]


def test_an_urgent_row_that_overtook_is_not_taken_again_when_reading_comes_to_it() -> None:
    made = schedule(*rows(DEPTH, start=1))
    unread, late, later = row(5000), row(5001, lane=URGENT), row(5002, lane=URGENT)
    made.add([unread, late, later], NOW)
    assert made.next(NOW, 1) == [late]
    made["local:a"].begin()
    made.refill("local:a", [unread, late, later], NOW, more=False)
    order = emptied(made)
    assert late.id not in order
    assert len(order) == len(set(order)) == DEPTH + 2


def test_a_row_released_while_it_is_found_held_is_looked_at_once_more() -> None:
    made = schedule(row(1))
    (taken,) = made.next(NOW, 1)
    made.read_again("local:a")
    made["local:a"].begin()
    made.refill("local:a", [row(1)], NOW, more=False)
    made.gone(taken, NOW)
    assert made.next(NOW, 1) == [row(1)]


# pauses


def test_a_destination_that_failed_is_paused_and_then_tried_with_one_row_at_a_time() -> None:
    made = schedule(*rows(10))
    (first,) = made.next(NOW, 1)
    made.failed(first, replace(first, due_at=NOW + SECOND), MINUTE, NOW)
    assert made.next(NOW + MINUTE - SECOND, 10) == []
    later = NOW + MINUTE
    (probe,) = made.next(later, 10)
    made.left(probe, later)
    assert len(made.next(later, 100)) == 9


def test_failures_are_counted_until_one_succeeds() -> None:
    made = schedule(*rows(3))
    for expected in (1, 2, 3):
        (taken,) = made.next(NOW, 1)
        made.failed(taken, taken, timedelta(), NOW)
        assert made["local:a"].breaker.failures == expected
    (taken,) = made.next(NOW, 1)
    made.left(taken, NOW)
    assert made["local:a"].breaker.failures == 0


def test_what_fails_while_its_destination_is_already_paused_makes_the_pause_no_longer() -> None:
    made = schedule(*rows(5))
    for number, taken in enumerate(made.next(NOW, 5)):
        made.failed(taken, replace(taken, due_at=NOW + SECOND), (number + 1) * MINUTE, NOW)
    assert made["local:a"].breaker.failures == 1
    assert made.wakes_at(NOW) == NOW + MINUTE
    assert len(made.next(NOW + MINUTE, 5)) == 1


def test_an_operator_sees_which_destinations_are_interrupted_why_and_until_when() -> None:
    made = schedule(*rows(2), *rows(1, "local:b", 10))
    first, other = made.next(NOW, 2)
    assert made.interrupted(NOW) == []
    again = replace(first, due_at=NOW + SECOND, reason="national-failed")
    made.failed(first, again, MINUTE, NOW)
    made.left(other, NOW)
    (seen,) = made.interrupted(NOW)
    assert (seen.destination, seen.circuit, seen.until) == ("local:a", "open", NOW + MINUTE)
    assert (seen.failures, seen.reason) == (1, "national-failed")
    (seen,) = made.interrupted(NOW + MINUTE)
    assert seen.circuit == "trying"
    (probe,) = made.next(NOW + MINUTE, 5)
    made.left(probe, NOW + MINUTE)
    assert made.interrupted(NOW + MINUTE) == []


def test_a_row_that_was_put_off_waits_for_its_own_time() -> None:
    made = schedule(*rows(2))
    first, _ = made.next(NOW, 2)
    made.failed(first, replace(first, due_at=NOW + MINUTE), timedelta(), NOW)
    assert made.next(NOW + MINUTE - SECOND, 10) == []
    made["local:a"].under_way.popitem()
    assert [item.id for item in made.next(NOW + MINUTE, 10)] == [first.id]


def test_an_operator_ends_pauses_and_makes_everything_due() -> None:
    made = schedule(*rows(3), *rows(1, "local:b", 10, due_at=NOW + MINUTE))
    (first,) = made.next(NOW, 1)
    made.failed(first, replace(first, due_at=NOW + 10 * MINUTE), 10 * MINUTE, NOW)
    made.release("local:a")
    assert names(made.next(NOW, 10)) == ["local:a"]
    made.release()
    assert names(made.next(NOW, 10)) == ["local:b"]


def test_what_was_taken_and_not_tried_goes_first_again() -> None:
    made = schedule(*rows(3))
    (first,) = made.next(NOW, 1)
    made.unsent(first)
    assert made.next(NOW, 1) == [first]


# waking up


def test_nothing_wakes_when_nothing_waits() -> None:
    assert schedule().wakes_at(NOW) is None


def test_what_may_leave_now_needs_no_waking() -> None:
    made = schedule(*rows(2), per_destination=1)
    assert made.wakes_at(NOW) is None
    made.next(NOW, 1)
    assert made.wakes_at(NOW) is None


def test_it_wakes_at_the_earliest_moment_of_any_destination() -> None:
    made = schedule(row(1, "local:a", due_at=NOW + MINUTE), row(2, "local:b", due_at=NOW + SECOND))
    assert made.wakes_at(NOW) == NOW + SECOND


def test_it_wakes_at_the_end_of_a_pause_and_not_before() -> None:
    made = schedule(*rows(2))
    (first,) = made.next(NOW, 1)
    made.failed(first, replace(first, due_at=NOW + SECOND), MINUTE, NOW)
    assert made.wakes_at(NOW) == NOW + MINUTE
    assert made.wakes_at(NOW + MINUTE) is None


def test_a_row_put_off_beyond_the_pause_wakes_at_its_own_time() -> None:
    made = schedule(*rows(1))
    (first,) = made.next(NOW, 1)
    made.failed(first, replace(first, due_at=NOW + MINUTE), SECOND, NOW)
    assert made.wakes_at(NOW) == NOW + MINUTE


# bounds, and the ledger behind them


def test_memory_holds_no_more_than_its_depth_and_the_rest_is_read_on() -> None:
    made = schedule(*rows(3 * DEPTH))
    destination = made["local:a"]
    assert len(destination) == DEPTH
    assert destination.more
    assert made.hungry() == []


def test_reading_goes_on_behind_what_was_read_when_memory_runs_low() -> None:
    waiting = rows(DEPTH + 700)
    made = schedule(*waiting)
    order: list[str] = []
    while True:
        for destination in made.hungry():
            after = destination.begin()
            page = [item for item in waiting if item.id > (after or "")][:PAGE]
            made.refill("local:a", page, NOW, more=len(page) == PAGE)
        taken = made.next(NOW, 8)
        if not taken:
            break
        for item in taken:
            order.append(item.id)
            made.left(item, NOW)
    assert order == [item.id for item in waiting]


def test_what_is_committed_while_the_ledger_is_read_is_not_lost() -> None:
    made = schedule()
    made.read_again("local:a")
    made["local:a"].begin()
    made.add([row(2)], NOW)
    made.refill("local:a", [row(1)], NOW, more=False)
    assert [d.name for d in made.hungry()] == ["local:a"]
    assert made["local:a"].begin() == row(1).id


def test_what_was_committed_before_the_first_reading_does_not_hide_what_waited_longer() -> None:
    made = schedule(row(9))
    made.read_again("local:a")
    assert made["local:a"].begin() is None
    made.refill("local:a", [row(1), row(9)], NOW, more=False)
    assert sorted(emptied(made)) == [row(1).id, row(9).id]


def test_reading_again_finds_what_an_operator_released_behind_the_cursor() -> None:
    made = schedule(row(5))
    made.read_again("local:a")
    assert made["local:a"].begin() is None
    made.refill("local:a", [row(3), row(5)], NOW, more=False)
    assert sorted(emptied(made)) == [row(3).id, row(5).id]


def test_reading_again_during_a_reading_starts_over() -> None:
    made = schedule()
    made.read_again("local:a")
    made["local:a"].begin()
    made.read_again("local:a")
    made.refill("local:a", [row(7)], NOW, more=False)
    assert made["local:a"].begin() is None


def test_a_reading_that_failed_is_made_again() -> None:
    made = schedule()
    made.read_again("local:a")
    made["local:a"].begin()
    assert [d.name for d in made.hungry()] == ["local:a"]


def test_a_receipt_sent_again_that_still_waits_waits_once() -> None:
    made = schedule(row(1), row(2))
    for lane in Lane:
        made.add([row(1, lane=lane)], NOW)
    assert emptied(made) == [row(1).id, row(2).id]


def test_a_receipt_sent_again_although_later_ones_were_read_leaves() -> None:
    made = schedule(row(5))
    made.add([row(1)], NOW)
    assert emptied(made) == [row(5).id, row(1).id]


def test_a_receipt_asked_for_again_while_it_leaves_is_looked_at_once_more() -> None:
    made = schedule(row(1))
    (taken,) = made.next(NOW, 1)
    made.add([row(1)], NOW)
    assert made.next(NOW, 1) == []
    made.left(taken, NOW)
    assert made.next(NOW, 1) == [row(1)]


def test_receipts_sent_again_for_ever_to_a_dead_destination_do_not_fill_the_memory() -> None:
    old = rows(2 * DEPTH)
    made = schedule(row(10 * DEPTH))
    for item in old:
        made.add([item], NOW)
    assert len(made["local:a"]) <= DEPTH
    assert made["local:a"].more
    order = set(emptied(made))
    assert made["local:a"].begin() is None
    made.refill("local:a", [item for item in old if item.id not in order], NOW, more=False)
    assert order | set(emptied(made)) == {item.id for item in (*old, row(10 * DEPTH))}


def test_urgent_rows_are_bounded_too() -> None:
    made = schedule(*rows(DEPTH), *rows(3 * DEPTH, start=5000, lane=URGENT))
    assert len(made["local:a"]) == 2 * DEPTH


def test_a_destination_without_rows_is_forgotten() -> None:
    made = schedule(row(1), row(2, "local:b"), row(3, "local:c"), row(4, "local:d"))
    first, second, third, fourth = made.next(NOW, 4)
    made.left(first, NOW)
    made.gone(second, NOW)
    made.failed(third, None, MINUTE, NOW)
    made.failed(fourth, fourth, MINUTE, NOW)
    assert [destination.name for destination in made] == ["local:d"]
    made.read_again("local:e")
    made["local:e"].begin()
    made.refill("local:e", [], NOW, more=False)
    assert [destination.name for destination in made] == ["local:d"]


# everything at once


class Outbox(RuleBasedStateMachine):
    """A ledger, an operator and a broker that do what they like, with room for very few rows.

    Whatever happens in between, in the end everything that waits has left, and nothing was ever under
    way twice at the same time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.number = 0
        self.ledger: dict[str, OutboxRow] = {}
        self.all: dict[str, OutboxRow] = {}
        self.reading: list[tuple[str, list[OutboxRow], bool]] = []
        self.taken: list[OutboxRow] = []
        self.loaded: list[OutboxRow] = []
        self.marked: list[tuple[str, OutboxRow, OutboxRow | None]] = []

    @initialize(per_destination=st.integers(1, 4), in_order=st.booleans())
    def start(self, per_destination: int, in_order: bool) -> None:
        self.in_order = in_order
        self.schedule = Schedule(per_destination=per_destination, in_order=in_order)

    destinations = st.sampled_from(["local:a", "local:b"])

    @rule(destination=destinations, lane=st.sampled_from(Lane), count=st.integers(1, 5))
    def commit(self, destination: str, lane: Lane, count: int) -> None:
        fresh = []
        for _ in range(count):
            self.number += 1
            about = f"document {self.number % 3}"
            fresh.append(row(self.number, destination, lane=lane, due_at=self.now, about=about))
        self.ledger |= {item.id: item for item in fresh}
        self.all |= {item.id: item for item in fresh}
        self.schedule.add(fresh, self.now)

    @precondition(lambda self: self.all)
    @rule(data=st.data(), lane=st.sampled_from(Lane))
    def send_again(self, data: st.DataObject, lane: Lane) -> None:
        old = self.all[data.draw(st.sampled_from(sorted(self.all)))]
        again = replace(old, lane=lane, due_at=self.now)
        self.ledger.setdefault(again.id, again)
        self.schedule.add([again], self.now)

    @precondition(lambda self: self.ledger)
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.ledger)))
        self.ledger[key] = replace(self.ledger[key], held=True)

    @precondition(lambda self: any(item.held for item in self.ledger.values()))
    @rule()
    def let_go(self) -> None:
        for key, item in self.ledger.items():
            if item.held:
                self.ledger[key] = replace(item, held=False)
                self.schedule.read_again(item.destination)

    @precondition(lambda self: not self.reading and self.schedule.hungry())
    @rule()
    def begin_reading(self) -> None:
        for destination in self.schedule.hungry()[:1]:
            after = destination.begin() or ""
            found = [
                item
                for key, item in sorted(self.ledger.items())
                if item.destination == destination.name and key > after and not item.held
            ]
            self.reading.append((destination.name, found[:2], len(found) >= 2))

    @precondition(lambda self: self.reading)
    @rule(fails=st.booleans())
    def end_reading(self, fails: bool) -> None:
        while self.reading:
            name, found, more = self.reading.pop()
            if not fails:
                self.schedule.refill(name, found, self.now, more=more)

    @precondition(lambda self: any(len(destination) for destination in self.schedule))
    @rule(most=st.integers(1, 6))
    def take(self, most: int) -> None:
        taken = self.schedule.next(self.now, most)
        under_way = [
            item.id
            for item in (*self.taken, *self.loaded, *(item for _, item, _ in self.marked), *taken)
        ]
        assert len(under_way) == len(set(under_way))
        if self.in_order:
            documents = [
                (item.destination, item.about) for key, item in self.all.items() if key in under_way
            ]
            assert len(documents) == len(set(documents))
        self.taken += taken

    @precondition(lambda self: self.taken)
    @rule(fails=st.booleans())
    def load(self, fails: bool) -> None:
        for item in self.taken:
            if fails:
                self.schedule.unsent(item)
            elif item.id in self.ledger and not self.ledger[item.id].held:
                self.loaded.append(self.ledger[item.id])
            else:
                self.marked.append(("gone", item, None))
        self.taken.clear()

    @precondition(lambda self: self.loaded)
    @rule(data=st.data(), outcome=st.sampled_from(["left", "ended", "failed", "unsent"]))
    def attempt(self, data: st.DataObject, outcome: str) -> None:
        item = self.loaded.pop(data.draw(st.integers(0, len(self.loaded) - 1)))
        again = None
        if outcome in {"left", "ended"}:
            self.ledger.pop(item.id, None)
        elif outcome == "failed":
            again = replace(item, due_at=self.now + SECOND, attempts=item.attempts + 1)
            if item.id in self.ledger:
                held = self.ledger[item.id].held
                self.ledger[item.id] = replace(again, held=held)
        self.marked.append((outcome, item, again))

    @precondition(lambda self: self.marked)
    @rule()
    def account(self) -> None:
        for outcome, item, again in self.marked:
            if outcome == "gone":
                self.schedule.gone(item, self.now)
            elif outcome == "unsent":
                self.schedule.unsent(item)
            elif outcome == "left":
                self.schedule.left(item, self.now)
            else:
                self.schedule.failed(item, again, 2 * SECOND, self.now)
        self.marked.clear()

    @precondition(lambda self: self.schedule.wakes_at(self.now))
    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @precondition(lambda self: self.number > 20)
    @rule()
    def crash(self) -> None:
        """Nothing but the ledger is left."""
        for pending in (self.taken, self.loaded, self.marked, self.reading):
            pending.clear()
        self.schedule = Schedule(per_destination=2, in_order=self.in_order)
        for item in self.ledger.values():
            self.schedule.read_again(item.destination)

    @invariant()
    def memory_is_bounded(self) -> None:
        for destination in getattr(self, "schedule", ()):
            for lane in Lane:
                assert len(destination.waiting[lane]) <= outbox.DEPTH + 2 + 4

    def teardown(self) -> None:
        if not hasattr(self, "schedule"):
            return
        self.drain()
        assert [item.id for item in self.ledger.values() if not item.held] == []
        self.let_go()
        self.drain()
        assert self.ledger == {}
        assert list(self.schedule) == []

    def drain(self) -> None:
        """Everything works now, for as long as there is anything to do."""
        for _ in range(20 * (len(self.all) + 5)):
            self.end_reading(fails=False)
            self.begin_reading()
            self.end_reading(fails=False)
            self.take(most=4)
            self.load(fails=False)
            for item in self.loaded:
                self.ledger.pop(item.id, None)
                self.marked.append(("left", item, None))
            self.loaded.clear()
            self.account()
            if not list(self.schedule):
                return
            self.now = self.schedule.wakes_at(self.now) or self.now
        raise AssertionError("it never comes to rest")


def test_whatever_happens_every_row_leaves_and_none_is_under_way_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "DEPTH", 4)
    run_state_machine_as_test(
        Outbox,
        settings=settings(
            max_examples=100,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
