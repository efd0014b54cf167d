"""The axis's own time: it runs or stands still, and can be advanced."""

from datetime import timedelta

import pytest

from axisd.adapters.clock import ManualClock
from axisd.simulator.national.axisclock import AxisClock

HOUR = timedelta(hours=1)


def test_a_running_clock_goes_with_its_base_and_can_be_ahead_of_it() -> None:
    base = ManualClock()
    clock, start = AxisClock(base), base.now()
    assert not clock.virtual
    assert clock.advance(HOUR) == start + HOUR
    base.advance(HOUR)
    assert clock.now() == start + 2 * HOUR
    assert clock.monotonic() == base.monotonic() + 3600


def test_a_stopped_clock_moves_only_when_it_is_advanced() -> None:
    base = ManualClock()
    start = base.now()
    clock = AxisClock(base, start)
    base.advance(HOUR)
    assert clock.virtual
    assert clock.now() == start
    assert clock.monotonic() == 0
    clock.advance(HOUR)
    assert clock.now() == start + HOUR
    assert clock.monotonic() == 3600


def test_time_passes_in_one_direction() -> None:
    with pytest.raises(ValueError, match="one direction"):
        AxisClock(ManualClock()).advance(-HOUR)


def test_ids_follow_the_base_and_never_come_back() -> None:
    clock = AxisClock(ManualClock(), ManualClock().now())
    ids = [clock.new_id() for _ in range(100)]
    assert ids == sorted(set(ids))
