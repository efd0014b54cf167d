"""What the ledger alone costs per submission: groups of several sizes, empty and full.

One submission is what a document of 10 KB to one recipient makes durable: settled (submission, payload,
delivery, evidence, two outbox rows), consigned (evidence, receipt, update, one row in and one out), told
(both receipts' rows out), each in a transaction of a group, with the questions and the reads that go
with it. Receipts are bytes of the usual size: signing them is not the ledger's work.

`python -m bench.ledger FOLDER` prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.core import chain
from axisd.core.envelope import Attachment
from axisd.core.evidence import Entry, Evidence, Facts, Head, Receipt, RecipientOutcome
from axisd.core.inspection import LegalValue, SignatureFinding, SignatureState
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import (
    Change,
    Delivery,
    DeliveryUpdate,
    Identity,
    OutboxKind,
    OutboxRow,
    Payload,
    Questions,
    Records,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.submission import Door, Lane

GROUPS = (1, 10, 20, 50, 100)
ENVELOPE = 10_000
RECEIPT = 4_500
ROUNDS = 3
Figures = dict[str, float]
_CLOCK = SystemClock()
_SENDER, _RECIPIENT = "000.00.11.H53", "000.00.13.H53"
_ATTACHMENT = Attachment(
    "cid-1", "quyet-dinh.pdf", "application/pdf", "application/pdf", 5000, "sha256:" + "a" * 64
)
_SIGNATURE = SignatureFinding(
    SignatureState.VERIFIED,
    "CN=So Tai chinh,O=UBND tinh,C=VN",
    "b" * 64,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One document on its way through the three transactions."""

    record: SubmissionRecord
    payload: Payload
    delivery: Delivery

    @property
    def questions(self) -> Questions:
        return Questions(identities=frozenset({self.delivery.identity}))


def case(noise: random.Random, *, size: int = ENVELOPE) -> Case:
    now, key = _CLOCK.now(), _CLOCK.new_id()
    body = noise.randbytes(size)
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    # Products number their documents as they like; random is the worst case for an index.
    document_id = f"{_SENDER},2026,{noise.randrange(10**12)}"
    facts = Facts(
        submission_id=key,
        door=Door.AMQP,
        account="stc",
        sender=_SENDER,
        reply_to=_SENDER,
        kind="document",
        business="new",
        status="",
        document_id=document_id,
        digest=digest,
        size=size,
        received_at=now,
        legal_value=LegalValue.ORIGINAL,
        signature=_SIGNATURE,
        attachments=(_ATTACHMENT,),
    )
    delivery = Delivery(
        id=_CLOCK.new_id(),
        submission_id=key,
        identity=Identity(_SENDER, "new", _RECIPIENT, document_id),
        addressed=(_RECIPIENT,),
        inbox=_RECIPIENT,
        route=RouteKind.LOCAL,
        lane=Lane.NORMAL,
        priority=0,
        digest=digest,
        proof=digest,
        state=DeliveryState.QUEUED,
        created_at=now,
        expires_at=now + timedelta(days=5),
    )
    record = SubmissionRecord(
        facts,
        SubmissionState.ACCEPTED,
        number="12",
        notation="QĐ-STC",
        promulgation_date="2026-11-22",
        subject="Về việc quyết toán ngân sách năm 2026 của các đơn vị trực thuộc",
    )
    return Case(record, Payload(digest, size, body), delivery)


def evidence(about: Case, event: Event, now: datetime) -> Evidence:
    delivery = about.delivery
    outcome = RecipientOutcome(_RECIPIENT, (_RECIPIENT,), "accepted", _RECIPIENT, "local")
    consigned = event is Event.CONTENT_CONSIGNMENT
    return Evidence(
        id=_CLOCK.new_id(),
        event=event,
        at=now,
        facts=about.record.facts,
        delivery_id=delivery.id if consigned else None,
        recipient=outcome if consigned else None,
        recipients=() if consigned else (outcome,),
        receipt_to=_SENDER,
    )


class Sealer:
    """Evidence into entries and receipts of the usual sizes."""

    def __init__(self, noise: random.Random) -> None:
        self._noise = noise

    def seal(
        self, items: Sequence[Evidence], head: Head
    ) -> tuple[tuple[Entry, ...], tuple[Receipt, ...]]:
        entries: list[Entry] = []
        receipts: list[Receipt] = []
        for item in items:
            facts = item.facts
            body = self._noise.randbytes(RECEIPT)
            position = head.position + 1
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            content = chain.canonical(item, position, digest, item.at)
            head = Head(position, chain.link(head.hash, content))
            entries.append(
                Entry(
                    position,
                    item.id,
                    item.event,
                    item.at,
                    facts.submission_id,
                    item.delivery_id,
                    content,
                    head.hash,
                )
            )
            receipts.append(
                Receipt(
                    item.id,
                    position,
                    item.event,
                    facts.submission_id,
                    facts.document_id,
                    facts.reply_to,
                    body,
                )
            )
        return tuple(entries), tuple(receipts)


def receipt_row(item: Evidence, now: datetime) -> OutboxRow:
    return OutboxRow(item.id, OutboxKind.RECEIPT, f"receipts:{_SENDER}", Lane.NORMAL, now, RECEIPT)


async def settle(
    ledger: SqlLedger, cases: Sequence[Case], sealer: Sealer, *, placed: bool = False
) -> list[str]:
    """The first transaction; returns the ids of the receipts that wait. `placed`: the deliveries lie in a
    mailbox, and nothing has to leave."""
    questions = Questions()
    for one in cases:
        questions |= one.questions
    now = _CLOCK.now()
    async with ledger.transaction() as transaction:
        await transaction.known(questions)
        proofs = [evidence(one, Event.SUBMISSION_ACCEPTANCE, now) for one in cases]
        changes = tuple(
            Change(
                submission=one.record,
                payload=one.payload,
                deliveries=(one.delivery,),
                evidence=(proof,),
                outbox=()
                if placed
                else (
                    receipt_row(proof, now),
                    OutboxRow(
                        one.delivery.id,
                        OutboxKind.DELIVERY,
                        one.delivery.destination,
                        Lane.NORMAL,
                        now,
                        ENVELOPE,
                    ),
                ),
            )
            for one, proof in zip(cases, proofs, strict=True)
        )
        entries, receipts = sealer.seal(proofs, await transaction.head())
        await transaction.write(Records(changes, entries, receipts))
    return [proof.id for proof in proofs]


async def consign(ledger: SqlLedger, cases: Sequence[Case], sealer: Sealer) -> list[str]:
    """The second transaction, after reading what is sent; returns the ids of the new receipts."""
    ids = [one.delivery.id for one in cases]
    assert len(await ledger.parcels(ids)) == len(ids)
    now = _CLOCK.now()
    async with ledger.transaction() as transaction:
        known = await transaction.known(Questions(deliveries=frozenset(ids)))
        assert len(known.deliveries) == len(ids)
        proofs = [evidence(one, Event.CONTENT_CONSIGNMENT, now) for one in cases]
        changes = tuple(
            Change(
                evidence=(proof,),
                outbox=(receipt_row(proof, now),),
                updates=(DeliveryUpdate(one.delivery.id, DeliveryState.SENT, "", ""),),
                done=(one.delivery.id,),
            )
            for one, proof in zip(cases, proofs, strict=True)
        )
        entries, receipts = sealer.seal(proofs, await transaction.head())
        await transaction.write(Records(changes, entries, receipts))
    return [proof.id for proof in proofs]


async def tell(ledger: SqlLedger, ids: Sequence[str]) -> None:
    """The third transaction: both receipts have left."""
    assert len(await ledger.parcels(ids)) == len(ids)
    async with ledger.transaction() as transaction:
        await transaction.write(Records((Change(done=tuple(ids)),), (), ()))


async def measure(ledger: SqlLedger, group: int, submissions: int) -> Figures:
    """Milliseconds per submission, without the making of what is written."""
    noise = random.Random(time.time_ns())
    groups = [[case(noise) for _ in range(group)] for _ in range(-(-submissions // group))]
    sealer = Sealer(noise)
    worst = 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    for cases in groups:
        began = time.perf_counter()
        receipts = await settle(ledger, cases, sealer)
        receipts += await consign(ledger, cases, sealer)
        await tell(ledger, receipts)
        worst = max(worst, time.perf_counter() - began)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    wall -= _sealing(sealer, groups, time.perf_counter)
    cpu -= _sealing(sealer, groups, time.process_time)
    done = sum(map(len, groups))
    return {
        "wall_ms": round(wall / done * 1000, 3),
        "cpu_ms": round(cpu / done * 1000, 3),
        "worst_group_ms": round(worst * 1000, 1),
        "submissions_per_s": round(done / wall),
        "rows_per_s": round(done * ROWS / wall),
    }


ROWS = 14
"""Rows inserted, updated or deleted for one submission."""


def _sealing(sealer: Sealer, groups: Sequence[Sequence[Case]], clock: Callable[[], float]) -> float:
    """What sealing alone takes, to be left out."""
    began = clock()
    now = _CLOCK.now()
    for cases in groups:
        for event in (Event.SUBMISSION_ACCEPTANCE, Event.CONTENT_CONSIGNMENT):
            sealer.seal([evidence(one, event, now) for one in cases], Head())
    return clock() - began


async def fill(ledger: SqlLedger, submissions: int) -> None:
    noise = random.Random(1)
    sealer = Sealer(noise)
    for size in _portions(submissions, 500):
        cases = [case(noise) for _ in range(size)]
        receipts = await settle(ledger, cases, sealer)
        receipts += await consign(ledger, cases, sealer)
        await tell(ledger, receipts)


def _portions(total: int, size: int) -> Iterator[int]:
    while total > 0:
        yield min(size, total)
        total -= size


async def run(
    folder: Path, *, submissions: int = 1000, documents: int = 100_000
) -> dict[str, object]:
    """The figures; `folder` is empty and stays full of about 30 KB for each of `documents`.

    An empty and a full ledger take turns, so that both meet the same weather on the machine.
    """
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        ledgers: dict[str, SqlLedger] = {}
        for name in ("empty", "full"):
            ledgers[name] = await open_ledger(folder / name)
            stack.push_async_callback(ledgers[name].close)
        opened = time.perf_counter() - began
        await measure(ledgers["empty"], 20, 200)
        began = time.perf_counter()
        await fill(ledgers["full"], documents)
        filled = time.perf_counter() - began
        # What filling left in the page cache is not what is measured.
        await asyncio.to_thread(os.sync)
        groups = [await _compare(ledgers, group, submissions) for group in GROUPS]
        began = time.perf_counter()
        verification = await ledgers["full"].verify()
        assert not verification.faults, verification.faults[:3]
        return {
            "open_s": round(opened, 2),
            "documents": documents,
            "fill_s": round(filled, 1),
            "groups": groups,
            "verify_s": round(time.perf_counter() - began, 1),
            "entries": verification.entries,
        }


async def _compare(
    ledgers: dict[str, SqlLedger], group: int, submissions: int
) -> dict[str, object]:
    """The medians of `ROUNDS` rounds of each ledger, and what full costs over empty."""
    rounds: dict[str, list[Figures]] = {name: [] for name in ledgers}
    enough = max(group, submissions // 4 if group == 1 else submissions)
    for _ in range(ROUNDS):
        for name, ledger in ledgers.items():
            rounds[name].append(await measure(ledger, group, enough))
    medians = {name: _median(figures) for name, figures in rounds.items()}
    full_over_empty = medians["full"]["cpu_ms"] / medians["empty"]["cpu_ms"]
    return {"group": group, **medians, "cpu_full_over_empty": round(full_over_empty, 2)}


def _median(rounds: Sequence[Figures]) -> Figures:
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]))), indent=2))
