"""Urgent before normal, and normal never starved."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.submission import NORMAL_SHARE, Lane
from axisd.service.lanes import LaneQueue, Lanes

URGENT, NORMAL = Lane.URGENT, Lane.NORMAL
lane = st.sampled_from(Lane)


def filled(*lanes: Lane) -> Lanes[tuple[Lane, int]]:
    made: Lanes[tuple[Lane, int]] = Lanes()
    for number, which in enumerate(lanes):
        made.put((which, number), which)
    return made


def emptied(lanes: Lanes[tuple[Lane, int]]) -> list[tuple[Lane, int]]:
    return [lanes.take() for _ in range(len(lanes))]


@given(st.lists(lane))
def test_everything_comes_out_once_and_each_lane_in_its_order(lanes: list[Lane]) -> None:
    out = emptied(filled(*lanes))
    assert sorted(number for _, number in out) == list(range(len(lanes)))
    for which in Lane:
        numbers = [number for found, number in out if found is which]
        assert numbers == sorted(numbers)


@given(st.integers(1, 60), st.integers(1, 60))
def test_normal_gets_every_fourth_turn_and_no_more_while_urgent_ones_wait(
    urgent: int, normal: int
) -> None:
    out = [which for which, _ in emptied(filled(*[NORMAL] * normal, *[URGENT] * urgent))]
    contested = out[: max(i for i, which in enumerate(out) if which is URGENT) + 1]
    for turn, which in enumerate(contested, 1):
        expected = NORMAL if turn % NORMAL_SHARE == 0 else URGENT
        assert which is expected or contested.count(NORMAL) == normal


def test_what_is_put_back_is_first_of_its_lane() -> None:
    lanes = filled(URGENT, URGENT)
    first = lanes.take()
    lanes.put_back(first, URGENT)
    assert lanes.take() == first


def test_nothing_waiting_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        Lanes[int]().take()


async def test_a_queue_gives_urgent_items_first_and_holds_back_when_it_is_full() -> None:
    queue: LaneQueue[str] = LaneQueue(2)
    await queue.put(("late", NORMAL))
    await queue.put(("soon", URGENT))
    assert queue.full()
    waiting = asyncio.ensure_future(queue.put(("more", URGENT)))
    assert await queue.get() == ("soon", URGENT)
    await waiting
    assert [queue.get_nowait()[0] for _ in range(2)] == ["more", "late"]
    assert queue.empty()
