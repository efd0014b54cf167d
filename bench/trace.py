"""What a trace costs in a ledger of a million deliveries.

Documents drawn from the whole year, each read, put together and told; as JSON, and as the page in both
languages. The large ledger's receipts are a few bytes, so for proving them each is replaced, once it is read,
by one that an axis really sealed and signed: that costs as much as its own would. Wall time is that of a shared
machine; the processor's stands beside it. Reads the large ledger beside
whoever else does, and changes nothing.

`python -m bench.trace` prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import LedgerReader, open_reader
from axisd.core.evidence import Evidence, Facts, Receipt, RecipientOutcome
from axisd.core.inspection import STEPS, LegalValue, Outcome, SignatureFinding, SignatureState, Step
from axisd.core.reasons import Event
from axisd.core.receiptproof import ReceiptVerifier
from axisd.core.receipts import Sealer
from axisd.core.submission import Door
from axisd.core.timeline import Timeline
from axisd.core.trace import Trace, traced
from axisd.simulator.pki import Authority
from axisd.web.trace import trace_page
from axisd.web.tracevalues import values_of
from bench.large import Large, large
from bench.year import province

DOCUMENTS = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Axis:
    """One that seals, and what to verify its receipts by."""

    bodies: dict[bool, bytes]
    verifier: ReceiptVerifier


async def run(of: Large) -> dict[str, object]:
    """Milliseconds."""
    keys = _documents(of)
    axis = _axis()
    reader = await open_reader(of.folder)
    try:
        measured = [await _measure(reader, key, of, axis) for key in keys]
    finally:
        await reader.close()
    whole = [one["read"] + one["told"] for one in measured]
    proven = [one["read"] + one["proven"] for one in measured]
    return {
        "deliveries": of.rows["delivery"],
        "documents": len(keys),
        "receipts_mean": statistics.fmean(one["receipts"] for one in measured),
        "receipts_most": max(one["receipts"] for one in measured),
        "read": _spread([one["read"] for one in measured]),
        "unproven": _spread(whole),
        "proven": _spread(proven),
        "proven_cpu": _spread([one["cpu"] for one in measured]),
        "json": _spread([one["json"] for one in measured]),
        "page": _spread([one["page"] for one in measured]),
        "number": _spread([await _by_number(of, key) for key in keys[:50]]),
    }


def _documents(of: Large) -> list[str]:
    """Evenly over the year, whatever became of them; the last with the most recipients of any."""
    dice = random.Random(7)
    with closing(sqlite3.connect(f"file:{of.folder / 'ledger.db'}?mode=ro", uri=True)) as shell:
        first, last = shell.execute("SELECT min(id), max(id) FROM submission").fetchone()
        low, high = (int(key.replace("-", "")[:12], 16) for key in (first, last))
        found: list[str] = []
        while len(found) < DOCUMENTS - 1:
            at = f"{dice.randint(low, high):012x}"
            after = f"{at[:8]}-{at[8:]}"
            row = shell.execute(
                "SELECT document_id FROM submission WHERE id >= ? AND kind = 'document' LIMIT 1",
                (after,),
            ).fetchone()
            if row is not None:
                found.append(str(row[0]))
        (largest,) = shell.execute(
            "SELECT document_id FROM delivery WHERE business = 'new'"
            " GROUP BY document_id ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
    return [*found, str(largest)]


async def _measure(reader: LedgerReader, key: str, of: Large, axis: _Axis) -> dict[str, float]:
    began, busy = time.perf_counter(), time.process_time()
    timeline = await reader.timeline(key)
    read, read_cpu = _since(began), (time.process_time() - busy) * 1000
    assert timeline.submissions, key
    told, trace = _timed(lambda: traced(timeline, of.until, None))
    sealed = _sealed(timeline, axis)
    busy = time.process_time()
    proven, proof = _timed(lambda: traced(sealed, of.until, axis.verifier.verify))
    proven_cpu = read_cpu + (time.process_time() - busy) * 1000
    _require_held(proof)
    json_, _ = _timed(lambda: json.dumps(values_of(trace, key), default=str))
    page, _ = _timed(lambda: trace_page(trace, key, {}))
    return {
        "receipts": len(timeline.receipts),
        "read": read,
        "told": told,
        "proven": proven,
        "cpu": proven_cpu,
        "json": json_,
        "page": page,
    }


async def _by_number(of: Large, key: str) -> float:
    reader = await open_reader(of.folder)
    try:
        record = (await reader.timeline(key)).submissions[0]
        began = time.perf_counter()
        await reader.numbered(record.number, record.notation, record.facts.sender, "2026")
        return _since(began)
    finally:
        await reader.close()


def _axis() -> _Axis:
    now = SystemClock().now()
    authority = Authority.root(now)
    key = authority.issue("00.53.W00", kind="rsa2048").signing_key()
    sealer = Sealer(province().axis, key)
    bodies = {}
    for delivered in (False, True):
        _, receipt = sealer.seal(_evidence(now, delivered=delivered), 1_000_000, "ab" * 32)
        assert receipt is not None
        bodies[delivered] = receipt.body
    return _Axis(bodies, ReceiptVerifier([authority.certificate]))


def _evidence(at: datetime, *, delivered: bool) -> Evidence:
    """As the axis seals it of a document, and of its delivery."""
    facts = Facts(
        submission_id="0" * 36,
        door=Door.AMQP,
        account="finance",
        sender="000.00.11.H53",
        reply_to="000.00.11.H53",
        kind="document",
        business="new",
        status="",
        document_id="000.00.11.H53,2026/01/05,7/STC",
        digest="sha256:" + "cd" * 32,
        size=10_240,
        received_at=at,
        legal_value=LegalValue.ORIGINAL,
        signature=SignatureFinding(SignatureState.VERIFIED, "CN=Văn thư", "ab" * 32, "urn:x"),
    )
    outcome = RecipientOutcome(
        "000.00.13.H53", ("000.00.13.H53",), "accepted", "000.00.13.H53", "local"
    )
    if delivered:
        return Evidence(
            "1" * 36, Event.CONTENT_CONSIGNMENT, at, facts, "2" * 36, outcome,
            receipt_to=facts.reply_to,
        )  # fmt: skip
    return Evidence(
        "1" * 36, Event.SUBMISSION_ACCEPTANCE, at, facts,
        recipients=(outcome,),
        steps=tuple(Step(name, Outcome.PASSED) for name in STEPS),
        receipt_to=facts.reply_to,
    )  # fmt: skip


def _sealed(timeline: Timeline, axis: _Axis) -> Timeline:
    settled = {Event.SUBMISSION_ACCEPTANCE, Event.SUBMISSION_REJECTION}

    def body(receipt: Receipt) -> Receipt:
        return replace(receipt, body=axis.bodies[receipt.event not in settled])

    return replace(timeline, receipts=tuple(map(body, timeline.receipts)))


def _require_held(trace: Trace) -> None:
    for part in trace.parts:
        for happened in part.happened:
            assert happened.receipt is None or happened.receipt.holds, happened.receipt


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = work()
    return _since(began), found


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _spread(figures: Sequence[float]) -> dict[str, float]:
    ordered = sorted(figures)
    return {
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        "worst_ms": round(ordered[-1], 2),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(large())), indent=1))
