"""`axisd.ports.Mailboxes` over the ledger's reading connection and its payload files.

Payloads come in pieces: a small one from its row, a large one from its file, which is read twice, once to prove
it and once to hand it out, so that neither is ever whole in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from axisd.adapters.ledger import mailbox, reading
from axisd.adapters.ledger.connection import OwnedConnection
from axisd.adapters.ledger.payloads import PayloadFiles
from axisd.core.mailbox import PAGE, WAITING, ItemState, MailboxItem, MailboxSummary, SentItem
from axisd.core.records import SubmissionRecord
from axisd.errors import IntegrityError

_PIECE: Final = 256 * 1024


class SqlMailboxes:
    """Reads only. Make it with the ledger whose connection it uses."""

    def __init__(self, reader: OwnedConnection, files: PayloadFiles) -> None:
        self._reader = reader
        self._files = files

    async def page(
        self,
        inboxes: Collection[str],
        kind: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = PAGE,
    ) -> Sequence[MailboxItem]:
        """What waits in these mailboxes, in the order of `core.mailbox.page`."""
        return await self._reader.read(
            partial(
                mailbox.waiting, inboxes=inboxes, kind=kind, since=since, until=until, limit=limit
            )
        )

    async def count(self, inboxes: Collection[str], kind: str = "") -> int:
        """How many items wait there."""
        return await self._reader.read(partial(mailbox.count, inboxes=inboxes, kind=kind))

    async def items(self, ids: Collection[str]) -> Sequence[MailboxItem]:
        """By the ids of their deliveries, in order of id; unknown ones are left out."""
        return await self._reader.read(partial(mailbox.items, ids=ids))

    async def numbered(self, number: int) -> Sequence[MailboxItem]:
        """All items of the message with this number, in order of id."""
        return await self._reader.read(partial(mailbox.numbered, number=number))

    async def number_of(self, submission_id: str) -> int | None:
        """The place of a submission's acceptance in the chain."""
        return await self._reader.read(partial(mailbox.number_of, submission_id=submission_id))

    async def accepted(self, number: int) -> SubmissionRecord | None:
        """The submission whose acceptance has this place in the chain."""
        return await self._reader.read(partial(mailbox.accepted, number=number))

    async def submission(self, submission_id: str) -> SubmissionRecord | None:
        """One submission by its id, or None."""
        return await self._reader.read(partial(reading.submission, submission_id=submission_id))

    async def sent(
        self,
        senders: Collection[str],
        kind: str = "",
        *,
        submission_id: str = "",
        limit: int = PAGE,
    ) -> Sequence[SentItem]:
        """What these organs handed in through doors and was accepted, newest submissions first."""
        return await self._reader.read(
            partial(
                mailbox.sent, senders=senders, kind=kind, submission_id=submission_id, limit=limit
            )
        )

    async def summary(self) -> Sequence[MailboxSummary]:
        """What waits, by mailbox and state."""
        return await self._reader.read(mailbox.summary)

    async def listed(
        self, inbox: str = "", states: Collection[ItemState] = WAITING, limit: int = 100
    ) -> Sequence[MailboxItem]:
        """What waits in one mailbox, or in all, oldest first: for operators."""
        return await self._reader.read(
            partial(mailbox.listed, inbox=inbox, states=states, limit=limit)
        )

    async def pieces(self, digest: str) -> AsyncIterator[bytes] | None:
        """The payload with this digest, verified first; None if there is none."""
        known, body = await self._reader.read(partial(reading.payload, digest=digest))
        if not known:
            return None
        if body is not None:
            return _cut(await asyncio.to_thread(self._files.whole, digest, body))
        await asyncio.to_thread(self._files.prove, digest)
        return self._read(digest)

    async def _read(self, digest: str) -> AsyncIterator[bytes]:
        found, at = hashlib.sha256(), 0

        def following() -> bytes:
            piece = self._files.piece(digest, at, _PIECE)
            found.update(piece)
            return piece

        while piece := await asyncio.to_thread(following):
            yield piece
            at += len(piece)
        if f"sha256:{found.hexdigest()}" != digest:
            raise IntegrityError(f"payload {digest} changed while it was handed out")


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
