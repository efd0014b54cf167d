"""The bucket by which a rate is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.allowance import UNLIMITED, Allowance, Bucket


def taken(allowance: Allowance, *moments: float) -> list[bool]:
    """Whether each submission that comes at one of `moments` gets a token."""
    bucket, given_out = Bucket.full(allowance, 0), []
    for at in moments:
        after = bucket.take(allowance, at)
        given_out.append(after is not None)
        bucket = after or bucket
    return given_out


def test_a_burst_passes_at_once_and_the_next_one_does_not() -> None:
    assert taken(Allowance(rate=1, burst=2), 0, 0, 0) == [True, True, False]


def test_tokens_come_back_with_time_and_never_more_than_a_burst() -> None:
    allowance = Allowance(rate=2, burst=2)
    assert taken(allowance, 0, 0, 0.4, 0.5, 0.6) == [True, True, False, True, False]
    assert taken(allowance, 0, 0, 100, 100, 100) == [True, True, True, True, False]


def test_a_refused_submission_uses_up_nothing() -> None:
    assert taken(Allowance(rate=1, burst=1), 0, 0.5, 0.9, 1.0) == [True, False, False, True]


@pytest.mark.parametrize(
    ("allowance", "at_once"),
    [
        (Allowance(rate=20), 200),
        (Allowance(rate=0.01), 1),
        (Allowance(rate=20, burst=5), 5),
        (UNLIMITED, 1),
    ],
)
def test_without_a_burst_of_its_own_ten_seconds_of_the_rate_may_come_at_once(
    allowance: Allowance, at_once: float
) -> None:
    assert allowance.at_once == at_once


@given(
    rate=st.integers(1, 50),
    burst=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2, allow_nan=False), max_size=60),
)
def test_never_more_pass_than_the_burst_and_what_the_rate_gives(
    rate: int, burst: int, gaps: list[float]
) -> None:
    moments, now = [], 0.0
    for gap in gaps:
        now += gap
        moments.append(now)
    passed = sum(taken(Allowance(rate=rate, burst=burst), *moments))
    assert passed <= burst + rate * now + 1e-6


def test_a_clock_that_stands_still_gives_nothing_back() -> None:
    assert taken(Allowance(rate=1, burst=1), 5, 5, 4) == [True, False, False]
