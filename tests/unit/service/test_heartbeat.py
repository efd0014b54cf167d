"""A part is silent when it is expected to beat and has not for too long; nothing else is."""

from datetime import UTC, datetime, timedelta

from axisd.adapters.clock import ManualClock
from axisd.service.heartbeat import Pulse


def later(clock: ManualClock, seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))


def test_a_part_is_silent_after_its_time_and_not_before() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, stale=20)
    pulse.expect("relay")
    later(clock, 20)
    assert pulse.silent() == []
    later(clock, 0.1)
    assert pulse.silent() == ["relay"]
    pulse.beat("relay")
    assert pulse.silent() == []


def test_who_is_not_expected_may_be_silent() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, stale=20)
    pulse.beat("downlink")
    pulse.expect("relay")
    pulse.expect("commit")
    pulse.forget("relay")
    later(clock, 100)
    assert pulse.silent() == ["commit"]


def test_a_wall_clock_that_jumps_makes_nobody_silent() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, stale=20)
    pulse.expect("relay")
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert pulse.silent() == []
