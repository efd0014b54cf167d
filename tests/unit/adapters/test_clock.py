"""Clocks and identifiers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd import ports
from axisd.adapters.clock import ManualClock, SystemClock, TimeOrderedIds


def test_both_clocks_are_the_port() -> None:
    clocks: list[ports.Clock] = [SystemClock(), ManualClock()]
    assert all(clock.now().utcoffset() == timedelta() for clock in clocks)


def test_an_id_is_a_uuid_of_version_7_that_carries_its_millisecond() -> None:
    millisecond = 0x0123_4567_89AB
    made = UUID(TimeOrderedIds().next(millisecond))
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == millisecond


def test_the_layout_is_that_of_rfc_9562() -> None:
    """The example of RFC 9562 appendix A.6, whose random bits are given to us as noise."""
    expected = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    rand_a = expected.int >> 64 & 0xFFF
    counter_low = expected.int >> 32 & 0x3FFF_FFFF
    noise = (rand_a << 30 | counter_low) << 32 | expected.int & 0xFFFF_FFFF
    ids = TimeOrderedIds(lambda size: noise.to_bytes(size, "big"))
    made = UUID(ids.next(0x017F22E279B0))
    # The counter's top bit is cleared on purpose; everything else is the example's.
    assert made.int | 1 << 75 == expected.int


@given(st.lists(st.integers(0, 2**47), min_size=2, max_size=60))
def test_ids_increase_even_when_the_clock_goes_back(milliseconds: list[int]) -> None:
    ids = TimeOrderedIds()
    made = [ids.next(millisecond) for millisecond in milliseconds]
    assert made == sorted(set(made))


def test_a_full_counter_borrows_from_the_next_millisecond() -> None:
    ids = TimeOrderedIds()
    first = ids.next(1000)
    ids._counter = (1 << 42) - 1
    second = ids.next(1000)
    assert first < second
    assert UUID(second).int >> 80 == 1001


def test_threads_never_get_the_same_id() -> None:
    clock = SystemClock()
    made: list[list[str]] = [[] for _ in range(4)]

    def take(into: list[str]) -> None:
        into.extend(clock.new_id() for _ in range(2000))

    threads = [threading.Thread(target=take, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for into in made for one in into}) == 8000
    assert all(into == sorted(into) for into in made)


def test_the_manual_clock_moves_only_when_told() -> None:
    start = datetime(2026, 5, 4, 8, 0, tzinfo=timezone(timedelta(hours=7)))
    clock = ManualClock(start)
    assert clock.now() == start
    assert clock.now().tzinfo is UTC
    assert clock.advance(timedelta(seconds=90)) == start + timedelta(seconds=90)
    assert clock.monotonic() == 90.0


def test_turning_the_wall_clock_back_leaves_durations_and_the_order_of_ids_alone() -> None:
    clock = ManualClock()
    clock.advance(timedelta(seconds=5))
    before = clock.new_id()
    clock.set(clock.now() - timedelta(days=1))
    assert clock.monotonic() == 5.0
    assert clock.new_id() > before


def test_time_cannot_be_advanced_backwards() -> None:
    with pytest.raises(ValueError, match="one direction"):
        ManualClock().advance(timedelta(seconds=-1))


def test_manual_clocks_repeat_their_ids_by_seed() -> None:
    def take(seed: int) -> list[str]:
        clock = ManualClock(seed=seed)
        return [clock.new_id() for _ in range(3)]

    assert take(1) == take(1)
    assert not set(take(1)) & set(take(2))
