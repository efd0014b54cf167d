"""Places a probe in inboxes, by the daemon's account, to see whether each takes a message.

Never more than one probe lies where nobody reads: an inbox in which messages wait and that nobody consumes
is left alone. An expiration would not do: what expires goes to the dead letters, by the policy that keeps
documents from being dropped. A passive declare, which needs no permission, tells what waits.

What can go wrong: the broker is away (TransientError). Whatever one inbox answers is a value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import aiormq

from axisd.adapters.amqp.connection import (
    Endpoint,
    broker_errors,
    close,
    open_channel,
    open_connection,
)
from axisd.adapters.amqp.publisher import Properties, published
from axisd.errors import TransientError
from axisd.ports import Delivered, Message


class Probed(StrEnum):
    """What became of one probe. `unread`: messages wait there and nobody reads, so none was added."""

    TAKEN = "taken"
    MISSING = "missing"
    REFUSED = "refused"
    SILENT = "silent"
    UNREAD = "unread"


_ANSWERS: Final = {
    Delivered.CONFIRMED: Probed.TAKEN,
    Delivered.RETURNED: Probed.MISSING,
    Delivered.NACKED: Probed.REFUSED,
    Delivered.SILENT: Probed.SILENT,
}


async def probe_inboxes(
    endpoint: Endpoint, probes: Sequence[Message], *, deadline: float = 10.0
) -> dict[str, Probed]:
    """What became of each of `probes`, by its queue. `deadline`: seconds for one answer of the broker."""
    connection = await open_connection(endpoint, "check")
    try:
        publishing = await open_channel(connection, confirms=True)
        return {
            message.queue: await _probed(connection, publishing, message, deadline)
            for message in probes
        }
    finally:
        await close(connection)


async def _probed(
    connection: aiormq.Connection, publishing: aiormq.Channel, message: Message, deadline: float
) -> Probed:
    try:
        if await _unread(connection, message.queue, deadline):
            return Probed.UNREAD
    except TransientError as error:
        if isinstance(error.__cause__, aiormq.ChannelNotFoundEntity):
            return Probed.MISSING
        if isinstance(error.__cause__, TimeoutError):
            return Probed.SILENT
        raise
    return _ANSWERS[await published(publishing, message, Properties(message), deadline)]


async def _unread(connection: aiormq.Connection, queue: str, deadline: float) -> bool:
    """Whether messages wait in `queue` and nobody reads them. Of a missing queue the broker closes the channel."""
    channel = await open_channel(connection, confirms=False)
    try:
        with broker_errors(f"looking at {queue}"):
            async with asyncio.timeout(deadline):
                found = await channel.queue_declare(queue, passive=True)
        return bool(found.message_count and not found.consumer_count)
    finally:
        await close(channel)
