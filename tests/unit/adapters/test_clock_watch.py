"""The clock is unsound for four causes, and sound again by itself."""

import math
from datetime import timedelta

import pytest

from axisd import ports
from axisd.adapters.clock import ManualClock
from axisd.adapters.clock_watch import Bounds, ClockWatch
from axisd.ports import Unsound

SECOND = timedelta(seconds=1)


class Watched:
    """A watch over a clock and a kernel that say what they are told to."""

    def __init__(self, **bounds: object) -> None:
        self.clock = ManualClock()
        self.error: float | None = 0.01
        self.told: list[tuple[Unsound | None, str]] = []
        self.watch = ClockWatch(
            self.clock,
            lambda: self.error,
            Bounds(**bounds),  # type: ignore[arg-type]
            lambda cause, words: self.told.append((cause, words)),
        )

    def turn(self, by: timedelta) -> None:
        self.clock.set(self.clock.now() + by)

    def causes(self) -> list[Unsound | None]:
        return [cause for cause, _ in self.told]


def test_it_is_the_port() -> None:
    watch: ports.Soundness = Watched().watch
    assert watch.trouble() == ""


def test_a_clock_that_is_kept_and_runs_evenly_is_sound() -> None:
    made = Watched()
    for _ in range(5):
        assert made.watch.trouble() == ""
        made.watch.sealed(made.clock.now())
        made.clock.advance(timedelta(hours=1))
    assert made.told == []


@pytest.mark.parametrize(
    ("error", "cause", "says"),
    [
        (math.inf, Unsound.UNSYNCHRONISED, "nobody keeps the clock right"),
        (None, Unsound.UNSYNCHRONISED, "does not say"),
        (5.1, Unsound.UNCERTAIN, "off by 5.1 s"),
    ],
)
def test_a_clock_that_nobody_keeps_is_unsound_until_somebody_does(
    error: float | None, cause: Unsound, says: str
) -> None:
    made = Watched()
    made.error = error
    assert says in made.watch.trouble()
    made.error = 5.0
    assert made.watch.trouble() == ""
    assert made.causes() == [cause, None]


@pytest.mark.parametrize("error", [math.inf, None, 100.0])
def test_where_synchronisation_is_not_asked_for_the_kernels_word_does_not_count(
    error: float | None,
) -> None:
    made = Watched(require_synchronised=False)
    made.error = error
    assert made.watch.trouble() == ""


@pytest.mark.parametrize("by", [2 * SECOND, -2 * SECOND])
def test_a_clock_that_was_turned_is_unsound_until_it_has_run_evenly(by: timedelta) -> None:
    made = Watched(settle=timedelta(seconds=30))
    made.turn(by)
    assert f"turned by {by.total_seconds():+.1f} s" in made.watch.trouble()
    made.clock.advance(29 * SECOND)
    assert made.watch.trouble()
    made.clock.advance(SECOND)
    assert made.watch.trouble() == ""
    assert made.causes() == [Unsound.TURNED, None]


def test_turned_again_it_has_to_run_evenly_anew() -> None:
    made = Watched(settle=timedelta(seconds=30))
    made.turn(5 * SECOND)
    assert made.watch.trouble()
    made.clock.advance(29 * SECOND)
    made.turn(-5 * SECOND)
    assert made.watch.trouble()
    made.clock.advance(29 * SECOND)
    assert made.watch.trouble()
    made.clock.advance(SECOND)
    assert made.watch.trouble() == ""


def test_a_turn_is_not_missed_while_something_else_is_wrong() -> None:
    made = Watched(settle=timedelta(seconds=30))
    made.error = math.inf
    made.turn(5 * SECOND)
    assert "nobody keeps" in made.watch.trouble()
    made.error = 0.0
    assert "turned by" in made.watch.trouble()


def test_what_lies_within_the_tolerance_is_no_turn() -> None:
    made = Watched(tolerance=SECOND)
    for by in (0.9, -0.9, 1.0):
        made.turn(by * SECOND)
        assert made.watch.trouble() == ""


def test_a_clock_behind_the_ledger_is_unsound_until_it_has_caught_up() -> None:
    made = Watched(settle=timedelta())
    made.watch.sealed(made.clock.now() + timedelta(minutes=1))
    made.watch.sealed(made.clock.now())
    assert "behind the last entry" in made.watch.trouble()
    assert "2026-01-05T08:01:00.000+07:00" in made.watch.trouble()
    made.clock.advance(58 * SECOND)
    assert made.watch.trouble()
    made.clock.advance(SECOND)
    assert made.watch.trouble() == ""
    assert made.causes() == [Unsound.BEHIND, None]


def test_an_operator_may_let_a_clock_behind_the_ledger_seal() -> None:
    made = Watched()
    made.watch.sealed(made.clock.now() + timedelta(days=3650))
    assert made.watch.trouble()
    made.watch.bounds = Bounds(require_after_ledger=False)
    assert made.watch.trouble() == ""


def test_each_change_is_told_once_with_its_cause() -> None:
    made = Watched(settle=timedelta(seconds=30))
    made.error = math.inf
    for _ in range(3):
        made.watch.trouble()
    made.error = 9.0
    made.watch.trouble()
    made.error = 8.0
    made.watch.trouble()
    made.error = 0.0
    made.watch.trouble()
    assert made.causes() == [Unsound.UNSYNCHRONISED, Unsound.UNCERTAIN, None]
