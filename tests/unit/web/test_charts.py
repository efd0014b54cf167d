"""The geometry of charts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.web.charts import WIDTH, Chart, Pair, columns, parts, rows, strip

numbers = st.integers(0, 10**7)
pairs = st.lists(st.builds(Pair, st.just("x"), numbers, numbers), max_size=100)


def inside(chart: Chart) -> bool:
    return all(
        bar.x >= 0
        and bar.y >= 0
        and bar.x + bar.width <= WIDTH + 0.001
        and bar.y + bar.height <= chart.height + 0.001
        for bar in chart.bars
    )


@given(pairs)
def test_every_number_has_a_bar_within_the_drawing_and_nothing_has_none(found: list[Pair]) -> None:
    wanted = sorted(n for pair in found for n in (pair.solid, pair.hatched) if n)
    for chart in (columns(found), rows(found)):
        assert inside(chart)
        assert sorted(bar.value for bar in chart.bars) == wanted


@given(pairs)
def test_labels_of_columns_have_room(found: list[Pair]) -> None:
    places = [mark.x for mark in columns(found).marks]
    assert all(later - earlier > 30 for earlier, later in pairwise(places))


@given(numbers)
def test_the_lines_are_round_and_reach_the_top(most: int) -> None:
    values = [value for _, value in columns([Pair("x", most, 0)]).lines]
    assert values[0] == 0
    assert values[-1] >= most
    assert 2 <= len(values) <= 6
    assert str(values[1]).rstrip("0") in {"1", "2", "5"}


def test_a_bar_is_as_long_as_its_number() -> None:
    first, second = rows([Pair("x", 100, 50)]).bars
    assert first.width == pytest.approx(2 * second.width)
    left, right = parts([("open", 30), ("hatched", 0), ("solid", 10)]).bars
    assert left.width == pytest.approx(3 * right.width)
    assert right.x == pytest.approx(left.x + left.width)


def test_a_short_gap_can_be_seen() -> None:
    [bar] = strip([(0.5, 0.500001, "solid", 1)]).bars
    assert bar.width >= 1
