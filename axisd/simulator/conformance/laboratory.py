"""What only whoever runs the axis can do to a system: hand a message out twice, probe it, cut its connections.

Works on the folder of a sandbox (`axisd simulate agency`), with the daemon's account and the broker's
administrator. Only a system on AMQP has a queue and connections. Going wrong: the broker or the ledger does
not answer (TransientError), or nobody reads the inbox any more (UnavailableError).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from axisd.adapters.amqp import Endpoint, Management
from axisd.adapters.amqp.inbox_probe import Probed, probe_inboxes
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import open_reader
from axisd.core.probe import TYPE, inbox_probe
from axisd.core.records import OutboxKind, OutboxRow, Parcel
from axisd.errors import UnavailableError
from axisd.ports import Message
from axisd.service.relay import message
from axisd.simulator.province import VHOST

_DEAD: Final = "axis.dead"
_LATE_SECONDS: Final = 1.5
"""After which a private node's statistics have what happened before (simulator.broker_files)."""


class Laboratory:
    """The sandbox in `folder`; the system examined has `account` and serves `agency`."""

    def __init__(self, folder: Path, account: str, agency: str) -> None:
        self._folder = folder
        self._account = account
        self._agency = agency
        self._clock = SystemClock()

    async def repeat(self, document_id: str, body: bytes) -> None:
        """Places the document that it has once more in its inbox, under the message id of the first time."""
        reader = await open_reader(self._folder / "ledger")
        try:
            known = await reader.timeline(document_id)
        finally:
            await reader.close()
        delivery = next(one for one in known.deliveries if one.identity.recipient == self._agency)
        facts = known.submissions[0].facts
        row = OutboxRow(
            id=delivery.id,
            kind=OutboxKind.DELIVERY,
            destination=delivery.destination,
            lane=facts.lane,
            due_at=facts.received_at,
        )
        await self._place(message(Parcel(row, body, facts, delivery)))

    async def probe(self) -> None:
        """Places a probe in its inbox, as the interconnection check does."""
        now = self._clock.now()
        body = inbox_probe(self._agency, now)
        await self._place(
            Message(f"agency.{self._agency}.inbox", self._clock.new_id(), body, TYPE, "", now)
        )

    async def cut(self) -> int:
        """Closes every connection that it has; how many those were."""
        async with self._management() as management:
            return await management.close_connections(self._account, "axisd conformance")

    async def dead(self) -> int:
        """Messages among the dead letters. The broker counts late: what it has just got is waited for."""
        await asyncio.sleep(_LATE_SECONDS)
        async with self._management() as management:
            return (await management.queues())[_DEAD].messages

    async def _place(self, placed: Message) -> None:
        url = self._read("amqp.url")
        answers = await probe_inboxes(
            Endpoint(f"{url}/{VHOST}", name="axisd conformance"), [placed]
        )
        if answers[placed.queue] is not Probed.TAKEN:
            raise UnavailableError(f"{placed.queue}: {answers[placed.queue]}")

    def _management(self) -> Management:
        return Management(self._read("management.url"), vhost=VHOST)

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8").strip()
