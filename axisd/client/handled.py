"""When a message counts as handled: acknowledged when its block ends well, or given again when it does not.

A message whose block raised is given again by the client after a pause that doubles, not by the broker:
the broker puts among the dead letters what comes back a thousand times, which a database that is down for
an hour would reach. Until then it stays unacknowledged, so nothing is lost with the process. An
acknowledgement that no longer reaches the broker is no failure: the message comes again under its id.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

from axisd.adapters.amqp import Received
from axisd.core.retry import Backoff
from axisd.errors import TransientError

PAUSES: Final = Backoff(first=timedelta(seconds=1), most=timedelta(minutes=1))


class Failures:
    """How often each message of one stream failed; forgotten when it is acknowledged."""

    def __init__(self, pauses: Backoff = PAUSES) -> None:
        self._pauses = pauses
        self._counts: dict[str, int] = {}

    def pause(self, message_id: str) -> float:
        """Seconds until the next try, one failure later."""
        count = self._counts[message_id] = self._counts.get(message_id, 0) + 1
        return self._pauses.after(count, random.random()).total_seconds()

    def forget(self, message_id: str) -> None:
        self._counts.pop(message_id, None)


class Handled:
    """The fate of one message that was given to the application."""

    def __init__(self, received: Received, failures: Failures) -> None:
        self._received = received
        self._failures = failures
        self._acknowledged = False

    async def ack(self) -> None:
        """Acknowledges it, once. Raises TransientError when the connection is gone: it comes again."""
        if not self._acknowledged:
            await self._received.ack()
            self._acknowledged = True
            self._failures.forget(self._received.message_id)

    async def ended(self, error: BaseException | None) -> bool:
        """After a block: acknowledges, or has it given again. Whether the message counts as handled."""
        if error is None:
            try:
                await self.ack()
            except TransientError:
                return False  # handled, and not said so: it comes again under the same id
        elif isinstance(error, Exception) and not self._acknowledged:
            self._received.again(self._failures.pause(self._received.message_id))
        return self._acknowledged
