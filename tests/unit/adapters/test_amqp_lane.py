"""What a lane of the intake keeps of a message; how it consumes is tested against a real node."""

from datetime import timedelta
from typing import cast

from aiormq.abc import DeliveredMessage

from axisd.adapters.amqp.lane import _Arrival
from axisd.adapters.amqp.transport import Window
from axisd.adapters.clock import ManualClock


def test_the_time_of_receipt_is_that_of_a_clock_that_was_set_right_since() -> None:
    clock = ManualClock()
    arrival = _Arrival(
        cast("DeliveredMessage", None), clock.monotonic(), Window(1, clock.monotonic)
    )
    came = clock.now()
    clock.advance(timedelta(seconds=40))
    assert arrival.received_at(clock) == came
    clock.set(clock.now() + timedelta(days=365))
    assert arrival.received_at(clock) == came + timedelta(days=365)
