"""What no event tells of, looked at by and by: the backlog of the outbox, who consumes the inboxes.

A gauge is never a reason to stop: whatever a look meets that is a known kind of trouble is told and
counted, and the next look comes at its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from axisd.core.directory import Channel
from axisd.core.view import View
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Telemetry


async def by_and_by(
    name: str, look: Callable[[], Awaitable[None]], telemetry: Telemetry, *, every: float
) -> NoReturn:
    """Calls `look` at once and `every` so many seconds, until cancelled; `name` is told with trouble."""
    while True:
        try:
            await look()
        except (TransientError, IntegrityError) as error:
            telemetry.trouble(name, error)
        await asyncio.sleep(every)


def inbox_consumers(by_queue: Mapping[str, int], view: View) -> dict[str, int]:
    """Consumers of each inbox, by the agency of the directory that receives over AMQP; 0 where nobody
    reads or the queue is missing. What else the broker has is left out, and so is the probe agency, whose
    inbox is read during a check alone."""
    directory = view.directory
    served = {
        directory.canonical(code)
        for system in directory.systems.values()
        if system.channel is Channel.AMQP
        for code in system.agencies
    } - {view.probe}
    return {code: by_queue.get(f"agency.{code}.inbox", 0) for code in sorted(served)}
