"""The door for agencies' systems that speak AMQP: two lanes, so that urgent overtakes normal.

Each lane has a connection, a prefetch and workers of its own: a flood of normal submissions cannot
hold an urgent one back, nor the other way round. What the broker vouches for (`user_id`) becomes
the submission's account; a message without it has none, and inspection refuses it.

Never acknowledges before `handle` returned, never returns a message to the queue, never declares
anything. A TransientError of `handle` is waited out here; any other ends `run`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from axisd.adapters.amqp.connection import Endpoint, Observe
from axisd.adapters.amqp.lane import Bounds, IntakeLane
from axisd.core.submission import Lane
from axisd.ports import Clock, Handle, Telemetry

QUEUES: Final = {Lane.URGENT: "axis.intake.urgent", Lane.NORMAL: "axis.intake"}


class AmqpIntake:
    """`ports.Intake` over both lanes; `bounds` hold for each. `consuming` is set while both consume."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        telemetry: Telemetry,
        bounds: Bounds | None = None,
        observe: Observe | None = None,
    ) -> None:
        bounds = bounds or Bounds()
        self._lanes = [
            IntakeLane(lane, queue, endpoint, clock, telemetry, bounds, observe)
            for lane, queue in QUEUES.items()
        ]

    @property
    def consuming(self) -> bool:
        """Whether both lanes have a consumer right now."""
        return all(lane.consuming.is_set() for lane in self._lanes)

    async def wait_consuming(self) -> None:
        """Returns when both lanes have a consumer."""
        while not self.consuming:
            for lane in self._lanes:
                await lane.consuming.wait()

    async def run(self, handle: Handle) -> None:
        """Until cancelled. Comes back by itself after the broker restarts or cancels a consumer."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.keep())
                for _ in range(lane.bounds.prefetch):
                    group.create_task(lane.work(handle))

    async def drain(self) -> None:
        """Stops taking new submissions; returns when those in flight are settled and acknowledged."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.drain())


__all__ = ["QUEUES", "AmqpIntake", "Bounds"]
