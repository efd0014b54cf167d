"""What tests of the running axis do again and again: hand in, look into boxes, read receipts.

A desk acknowledges everything that comes into the boxes that it watches; tests tell their own messages
by DocumentId or digest, so that what another test left behind disturbs nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from lxml import etree

from axisd.adapters import keyring
from axisd.adapters.amqp import Received
from axisd.adapters.ledger import open_reader
from axisd.core.receiptform import NAMESPACE
from axisd.core.receipts import ReceiptVerdict, verify_receipt
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, VHOST, Province
from tests.support.cli import axisd_beside

FINANCE: Final = "000.00.11.H53"
ENVIRONMENT: Final = "000.00.12.H53"
INFORMATION: Final = "000.00.13.H53"
"""Behind the VXP door."""
JUSTICE: Final = "000.00.14.H53"
HEALTH: Final = "000.00.17.H53"
OFFICE: Final = "000.00.01.H53"
COMMITTEE: Final = "000.00.00.H53"
CITY: Final = "000.01.30.H53"
WARD: Final = "000.20.30.H53"
COMMUNE: Final = "000.20.31.H53"
NOBODY: Final = "999.99.99.H53"

SETTINGS: Final = """\
inspection: {limits: {envelope: 8MiB}}
delivery: {retry: {first: 1s, most: 4s}}
"""
"""Beside the province's own: what would be slow to reach otherwise."""

Lane = Literal["normal", "urgent"]
_R: Final = f"{{{NAMESPACE}}}"


@asynccontextmanager
async def desk(province: Province, *agencies: str) -> AsyncIterator[Desk]:
    """Watches the boxes of `agencies`, of finance and environment if none are named."""
    watched = Desk(province, agencies or (FINANCE, ENVIRONMENT))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.watch())
        yield watched
        task.cancel()


async def submit(province: Province, agency: str, *bodies: bytes, lane: Lane = "normal") -> None:
    """Hands in as the system behind `agency` does, all at once."""
    async with province.client(agency) as client, asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(client.submit(body, agency, lane))


def paper(
    papers: Papers, *recipients: str, sender: str = FINANCE, subject: str = "V/v kiểm tra trục"
) -> tuple[str, bytes]:
    """DocumentId and signed envelope of a new document."""
    document_id, envelope = papers.document(sender, recipients or (ENVIRONMENT,), subject)
    return document_id, papers.signed(sender, envelope)


def digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


async def delivered(watched: Desk, inbox: str, document_id: str, count: int = 1) -> list[Received]:
    """The documents and statuses under `document_id` in an inbox; fails if they do not come."""
    came = await watched.expect(
        inbox, "inbox", lambda m: m.correlation_id == document_id, count=count
    )
    assert len(came) == count, f"{document_id} came {len(came)} times to {inbox}, not {count}"
    return came


async def receipts(
    watched: Desk, agency: str, document_id: str, *events: str, within: float = 20
) -> list[Received]:
    """The receipts for one document, exactly of these events, in this order of names."""
    came = await watched.expect(
        agency,
        "receipts",
        lambda m: m.correlation_id == document_id,
        count=len(events),
        within=within,
    )
    assert sorted(receipt.type for receipt in came) == sorted(events)
    return sorted(came, key=lambda receipt: receipt.type)


async def answered(
    watched: Desk, agency: str, body: bytes, event: str, count: int = 1
) -> list[Received]:
    """The receipts of one kind for exactly these bytes, whether or not they have a DocumentId."""
    named = f'digest="{digest(body)}"'.encode()
    return await watched.expect(
        agency, "receipts", lambda m: m.type == event and named in m.body, count=count
    )


async def rejected(province: Province, watched: Desk, agency: str, body: bytes) -> etree._Element:
    """The Reason of the SubmissionRejection for exactly these bytes; its receipt has verified."""
    (receipt,) = await answered(watched, agency, body, "SubmissionRejection")
    verdict(province, receipt)
    reason = child(receipt.body, "Reason")
    assert reason.get("fault") in {"sender", "recipient", "axis", "national"}
    assert reason.get("retryable") in {"true", "false"}
    texts = {text.get("lang"): text.text or "" for text in reason}
    assert texts.keys() == {"en", "vi"}
    assert all(texts.values())
    assert texts["en"] != texts["vi"]
    return reason


def verdict(province: Province, receipt: Received) -> ReceiptVerdict:
    """What our own verifier says; it holds under the province's authority."""
    trust = keyring.certificates(province.folder / "pki" / "ca.pem")
    found = verify_receipt(receipt.body, trust)
    assert found.valid, found.checks
    assert found.facts is not None
    assert found.facts.issuer == CENTRE
    assert found.facts.event == receipt.type
    return found


def child(receipt: bytes, name: str) -> etree._Element:
    """The first element of this name in a receipt."""
    found = etree.fromstring(receipt).find(f"{_R}{name}")
    assert found is not None, f"{name} is not in {receipt!r}"
    return found


def outcomes(receipt: bytes) -> dict[str, tuple[str, str]]:
    """Outcome and code of the reason, of each recipient in a receipt."""
    return {
        element.get("organ", ""): (
            element.get("outcome", ""),
            reason.get("code", "") if (reason := element.find(f"{_R}Reason")) is not None else "",
        )
        for element in etree.fromstring(receipt).iterfind(f"{_R}Recipient")
    }


async def raw(province: Province, agency: str, box: str) -> AbstractIncomingMessage:
    """The oldest message of a box with all its properties, as another library sees it; not kept."""
    connection = await aio_pika.connect(province.amqp_url(agency))
    async with connection, asyncio.timeout(20):
        channel = await connection.channel()
        queue = await channel.get_queue(f"agency.{agency}.{box}", ensure=False)
        while (message := await queue.get(fail=False)) is None:
            await asyncio.sleep(0.05)
        message.headers.pop("x-delivery-count")  # the broker's own, of quorum queues
        return message


async def settled(province: Province, key: str) -> list[Any]:
    """The submissions of a document that the ledger has."""
    reader = await open_reader(province.folder / "ledger")
    try:
        return list((await reader.timeline(key)).submissions)
    finally:
        await reader.close()


async def queued(province: Province, queue: str) -> int:
    """How many messages a queue holds, delivered and unacknowledged ones too."""
    row = await province.node.api("GET", f"queues/{VHOST}/{queue}")
    return int(row.get("messages", 0))


async def axisd(province: Province, *words: str | Path, code: int = 0) -> str:
    """What a command of axisd prints about this province; it ends with `code`."""
    done = await axisd_beside(*words, "--config", province.config)
    assert done.exit_code == code, f"{words}: {done.exit_code}\n{done.output}"
    return done.output


def once(watched: Desk, inbox: str, document_ids: Sequence[str]) -> None:
    """Each of these documents came to `inbox` once: under one id, in one copy."""
    for document_id in document_ids:
        mine = [m for m in watched.box(inbox, "inbox") if m.correlation_id == document_id]
        assert len(mine) == 1, f"{document_id} came {len(mine)} times"
        assert len(watched.copies(mine[0].message_id)) == 1, f"{document_id} came again"
