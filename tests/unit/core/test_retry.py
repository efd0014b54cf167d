from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from axisd.core.retry import Backoff

BACKOFF = Backoff(timedelta(seconds=2), timedelta(minutes=10))


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_more_than_the_most_nor_less_than_half_of_its_step(
    attempts: int, chance: float
) -> None:
    wait = BACKOFF.after(attempts, chance)
    step = min(timedelta(seconds=2 * 2 ** min(attempts - 1, 20)), timedelta(minutes=10))
    assert step / 2 <= wait <= step


def test_waits_double_until_the_most() -> None:
    waits = [BACKOFF.after(attempts, 0).total_seconds() for attempts in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_chance_spreads_a_wait_over_its_upper_half() -> None:
    assert BACKOFF.after(3, 0) == timedelta(seconds=4)
    assert BACKOFF.after(3, 0.5) == timedelta(seconds=6)


def test_a_long_first_wait_does_not_overflow_however_often_it_failed() -> None:
    assert Backoff(timedelta(days=1), timedelta(days=2)).after(10**9, 0) == timedelta(days=1)
