from datetime import timedelta

from axisd.service.breaker import Breaker, Circuit
from tests.support.values import NOW

MINUTE = timedelta(minutes=1)


def test_a_new_breaker_lets_everything_through() -> None:
    breaker = Breaker()
    assert breaker.circuit(NOW) is Circuit.CLOSED
    assert breaker.room(NOW, 8) == 8


def test_a_failure_opens_it_for_a_time_and_then_one_row_is_tried() -> None:
    breaker = Breaker()
    breaker.failed(NOW, MINUTE, "national-failed")
    assert (breaker.circuit(NOW), breaker.room(NOW, 8)) == (Circuit.OPEN, 0)
    assert breaker.room(NOW + MINUTE, 8) == 1
    assert breaker.circuit(NOW + MINUTE) is Circuit.TRYING
    assert breaker.reason == "national-failed"


def test_failures_of_what_was_under_way_when_it_opened_are_not_counted() -> None:
    breaker = Breaker()
    for _ in range(8):
        breaker.failed(NOW, MINUTE)
    assert breaker.failures == 1
    assert breaker.open_until == NOW + MINUTE


def test_it_opens_again_when_the_trial_fails_and_counts_that() -> None:
    breaker = Breaker()
    breaker.failed(NOW, MINUTE)
    breaker.failed(NOW + MINUTE, 2 * MINUTE)
    assert breaker.failures == 2
    assert breaker.circuit(NOW + 2 * MINUTE) is Circuit.OPEN


def test_it_closes_when_something_leaves_even_of_what_was_under_way() -> None:
    breaker = Breaker()
    breaker.failed(NOW, MINUTE, "national-failed")
    breaker.succeeded()
    assert breaker == Breaker()


def test_an_operator_has_it_tried_at_once_with_one_row() -> None:
    breaker = Breaker()
    breaker.failed(NOW, MINUTE)
    breaker.release()
    assert breaker.room(NOW, 8) == 1
