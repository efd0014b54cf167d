"""What came back from the system that is examined, in order; and waiting for something to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from axisd.core.codes import derived_twin
from axisd.core.envelope import Document, Status
from axisd.simulator.agency.post import Arrival

_T = TypeVar("_T")


class Heard:
    """Everything from `agency`, under either of its codes, each message id once.

    `passed_over`: whether a document is none of this examination's, so that what is said about it is not.
    """

    def __init__(self, agency: str, passed_over: Callable[[str], bool]) -> None:
        self._passed_over = passed_over
        self._codes = {agency, derived_twin(agency) or agency}
        self._news = asyncio.Condition()
        self._ids: set[str] = set()
        self.documents: list[tuple[Document, Arrival]] = []
        self.statuses: list[Status] = []

    async def take(self, arrival: Arrival) -> None:
        """Notes what came; what is somebody else's is left out."""
        envelope = arrival.envelope
        if envelope is None or envelope.sender.organ_id not in self._codes:
            return
        about = (
            (envelope.document_id,)
            if isinstance(envelope, Status)
            else tuple(one.document_id for one in envelope.responses_for)
        )
        if about and all(map(self._passed_over, about)):
            return
        async with self._news:
            if arrival.id in self._ids:
                return
            self._ids.add(arrival.id)
            if isinstance(envelope, Status):
                self.statuses.append(envelope)
            else:
                self.documents.append((envelope, arrival))
            self._news.notify_all()

    def about(self, document_id: str, *codes: str) -> list[Status]:
        """The statuses about a document, of `codes` only where some are given."""
        return [
            status
            for status in self.statuses
            if status.document_id == document_id and (not codes or status.code in codes)
        ]

    def replies(self, document_id: str) -> list[tuple[Document, Arrival]]:
        """The documents that answer one, oldest first."""
        return [
            (document, arrival)
            for document, arrival in self.documents
            if any(one.document_id == document_id for one in document.responses_for)
        ]

    async def until(self, found: Callable[[], list[_T]], within: float) -> _T | None:
        """The first of what is `found`, when there is something; None after `within` seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: bool(found()))
        except TimeoutError:
            return next(iter(found()), None)
        return found()[0]
