"""Whether a receipt is the one that its entry of the chain speaks of, and a payload what its name says.

The chain covers a receipt by its digest: what the ledger keeps beside it (columns, bodies) is judged
against the entry's content here. Whether the chain itself holds is `axisd.core.chain`'s question.
Nothing here raises for a fault; faults are sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from axisd.core.evidence import Entry, Receipt


def digest_of(body: bytes) -> str:
    """`sha256:` and 64 hex digits, the form in which digests stand everywhere."""
    return "sha256:" + sha256(body).hexdigest()


def receipt_faults(entry: Entry, receipt: Receipt | None) -> Iterator[str]:
    """What is wrong between `entry` and the receipt kept at its position (None if there is none)."""
    try:
        content = json.loads(entry.content)
        digest, to = content["receipt"], content["receipt_to"]
        document_id = content["submission"]["document"]
    except (ValueError, KeyError, TypeError):
        yield f"entry {entry.position}: its content does not tell of its receipt"
        return
    if receipt is None:
        if digest is not None:
            yield f"entry {entry.position}: its receipt is missing"
        return
    if digest is None:
        yield f"receipt {receipt.id}: entry {entry.position} knows of no receipt"
        return
    if digest_of(receipt.body) != digest:
        yield f"receipt {receipt.id}: its body is not the one that entry {entry.position} names"
    said = {
        "id": entry.id,
        "event": entry.event,
        "submission_id": entry.submission_id,
        "document_id": document_id,
        "to": to,
    }
    wrong = [name for name, value in said.items() if getattr(receipt, name) != value]
    if wrong:
        yield f"receipt {receipt.id}: its {', '.join(wrong)} contradict entry {entry.position}"


def payload_faults(digest: str, size: int, body: bytes) -> Iterator[str]:
    """What is wrong with a payload kept as `digest` with `size` bytes."""
    if len(body) != size:
        yield f"payload {digest}: it has {len(body)} bytes, {size} are noted"
    if digest_of(body) != digest:
        yield f"payload {digest}: its content has changed"
