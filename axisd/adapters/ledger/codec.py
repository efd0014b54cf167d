"""Between the core's values and the ledger's rows: pure, both ways, without loss.

Rows come back as SQLAlchemy rows whose names are the columns'. What cannot be read back (a state that
this version does not know, facts that are not JSON) contradicts what was written: IntegrityError.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from axisd.core.availability import Uptime, UptimeEnd
from axisd.core.envelope import Attachment
from axisd.core.evidence import Entry, Facts, Receipt
from axisd.core.federation import Untaken
from axisd.core.history import (
    UNWATCHED,
    Link,
    LinkKind,
    Recall,
    RecallOutcome,
    StatusRecord,
    Watch,
)
from axisd.core.inspection import LegalValue, SignatureFinding, SignatureState
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import (
    Delivery,
    Identity,
    OutboxKind,
    OutboxRow,
    RouteKind,
    SubmissionRecord,
)
from axisd.core.submission import Door, Lane

Columns = dict[str, Any]
"""One row to be written: values by column name."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_INSTANTS: Final = tuple(field.name for field in fields(Watch) if field.name != "told")
_ATTACHMENT_FIELDS: Final = tuple(field.name for field in fields(Attachment))


def instant(moment: datetime) -> int:
    """Microseconds since 1970 UTC; `moment` must be aware."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(instant: int) -> datetime:
    """The aware UTC time of `instant`, to the microsecond."""
    return _EPOCH + timedelta(microseconds=instant)


def maybe_instant(moment: datetime | None) -> int | None:
    """`instant`, or None for None."""
    return None if moment is None else instant(moment)


def maybe_moment(instant: int | None) -> datetime | None:
    """`moment`, or None for None."""
    return None if instant is None else moment(instant)


def facts_text(facts: Facts) -> str:
    """Facts as one line of JSON."""
    signature = facts.signature
    return _encode(
        {
            "submission_id": facts.submission_id,
            "door": facts.door,
            "account": facts.account,
            "sender": facts.sender,
            "reply_to": facts.reply_to,
            "kind": facts.kind,
            "business": facts.business,
            "status": facts.status,
            "document_id": facts.document_id,
            "digest": facts.digest,
            "size": facts.size,
            "received_at": facts.received_at.isoformat(),
            "lane": facts.lane,
            "priority": facts.priority,
            "legal_value": facts.legal_value,
            "signature": {
                "state": signature.state,
                "signer": signature.signer,
                "certificate": signature.certificate,
                "algorithm": signature.algorithm,
            },
            "attachments": [
                {name: getattr(attachment, name) for name in _ATTACHMENT_FIELDS}
                for attachment in facts.attachments
            ],
        }
    )


def facts_of(text: str) -> Facts:
    """The reverse of `facts_text`."""
    stored: Mapping[str, Any] = json.loads(text)
    signature = stored["signature"]
    return Facts(
        submission_id=stored["submission_id"],
        door=Door(stored["door"]),
        account=stored["account"],
        sender=stored["sender"],
        reply_to=stored["reply_to"],
        kind=stored["kind"],
        business=stored["business"],
        status=stored["status"],
        document_id=stored["document_id"],
        digest=stored["digest"],
        size=stored["size"],
        received_at=datetime.fromisoformat(stored["received_at"]),
        lane=Lane(stored["lane"]),
        priority=stored["priority"],
        legal_value=LegalValue(stored["legal_value"]),
        signature=SignatureFinding(
            SignatureState(signature["state"]),
            signature["signer"],
            signature["certificate"],
            signature["algorithm"],
        ),
        attachments=tuple(Attachment(**attachment) for attachment in stored["attachments"]),
    )


def submission_columns(record: SubmissionRecord) -> Columns:
    """The row of one submission."""
    facts = record.facts
    return {
        "id": facts.submission_id,
        "door": facts.door,
        "kind": facts.kind,
        "sender": facts.sender,
        "document_id": facts.document_id,
        "received_at": instant(facts.received_at),
        "state": record.state,
        "reason": record.reason,
        "at": record.at,
        "line": record.line,
        "number": record.number,
        "notation": record.notation,
        "promulgation_date": record.promulgation_date,
        "due_date": record.due_date,
        "subject": record.subject,
        "external_id": record.external_id,
        "duplicate_of": record.duplicate_of,
        "type_name": record.type_name,
        "signer": record.signer,
        "position": record.position,
        "place": record.place,
        "pages": record.pages,
        "facts": facts_text(facts),
    }


def submission_of(row: Row[Any]) -> SubmissionRecord:
    """The reverse of `submission_columns`."""
    return SubmissionRecord(
        facts=facts_of(row.facts),
        state=SubmissionState(row.state),
        reason=row.reason,
        at=row.at,
        line=row.line,
        number=row.number,
        notation=row.notation,
        promulgation_date=row.promulgation_date,
        due_date=row.due_date,
        subject=row.subject,
        external_id=row.external_id,
        duplicate_of=row.duplicate_of,
        type_name=row.type_name,
        signer=row.signer,
        position=row.position,
        place=row.place,
        pages=row.pages,
    )


def delivery_columns(delivery: Delivery) -> Columns:
    """The row of one delivery."""
    identity = delivery.identity
    return {
        "id": delivery.id,
        "submission_id": delivery.submission_id,
        "sender": identity.sender,
        "document_id": identity.document_id,
        "business": identity.business,
        "recipient": identity.recipient,
        "addressed": _encode(delivery.addressed),
        "inbox": delivery.inbox,
        "route": delivery.route,
        "lane": delivery.lane,
        "priority": delivery.priority,
        "digest": delivery.digest,
        "proof": delivery.proof,
        "state": delivery.state,
        "created_at": instant(delivery.created_at),
        "expires_at": instant(delivery.expires_at),
        "status": delivery.status,
        "reason": delivery.reason,
        **watch_columns(delivery.watch),
    }


def delivery_of(row: Row[Any]) -> Delivery:
    """The reverse of `delivery_columns`."""
    return Delivery(
        id=row.id,
        submission_id=row.submission_id,
        identity=Identity(row.sender, row.business, row.recipient, row.document_id),
        addressed=tuple(json.loads(row.addressed)),
        inbox=row.inbox,
        route=RouteKind(row.route),
        lane=Lane(row.lane),
        priority=row.priority,
        digest=row.digest,
        proof=row.proof,
        state=DeliveryState(row.state),
        created_at=moment(row.created_at),
        expires_at=moment(row.expires_at),
        status=row.status,
        reason=row.reason,
        watch=_watch_of(row),
    )


_NOTHING_AWAITED: Final[Columns] = {**dict.fromkeys(_INSTANTS), "told": ""}


def watch_columns(watch: Watch) -> Columns:
    """What is awaited of a delivery's recipient, as columns of its row."""
    if watch is UNWATCHED:
        return _NOTHING_AWAITED
    columns: Columns = {name: maybe_instant(getattr(watch, name)) for name in _INSTANTS}
    columns["told"] = " ".join(sorted(watch.told))
    return columns


def _watch_of(row: Row[Any]) -> Watch:
    found = {name: getattr(row, name) for name in _INSTANTS}
    if not row.told and all(value is None for value in found.values()):
        return UNWATCHED
    instants = {name: maybe_moment(value) for name, value in found.items()}
    return Watch(**instants, told=frozenset(row.told.split()))


def status_columns(status: StatusRecord) -> Columns:
    """The row of one reported status."""
    return {
        "id": status.id,
        "submission_id": status.submission_id,
        "delivery_id": status.delivery_id,
        "issuer": status.issuer,
        "document_id": status.document_id,
        "reporter": status.reporter,
        "code": status.code,
        "at": instant(status.at),
        "words": status.words,
        "recipient": status.recipient,
        "door": status.door or "",
    }


def status_of(row: Row[Any]) -> StatusRecord:
    """The reverse of `status_columns`."""
    return StatusRecord(
        id=row.id,
        submission_id=row.submission_id,
        delivery_id=row.delivery_id,
        issuer=row.issuer,
        document_id=row.document_id,
        reporter=row.reporter,
        code=row.code,
        at=moment(row.at),
        words=row.words,
        recipient=row.recipient,
        door=Door(row.door) if row.door else None,
    )


def link_columns(link: Link) -> Columns:
    """The row of one link to an earlier document."""
    return {
        "id": link.id,
        "submission_id": link.submission_id,
        "kind": link.kind,
        "issuer": link.issuer,
        "document_id": link.document_id,
        "recipient": link.recipient,
    }


def link_of(row: Row[Any]) -> Link:
    """The reverse of `link_columns`."""
    return Link(
        id=row.id,
        submission_id=row.submission_id,
        kind=LinkKind(row.kind),
        issuer=row.issuer,
        document_id=row.document_id,
        recipient=row.recipient,
    )


def recall_columns(recall: Recall) -> Columns:
    """The row of the newest recall of a delivery."""
    return {
        "delivery_id": recall.delivery_id,
        "submission_id": recall.submission_id,
        "asked_at": instant(recall.asked_at),
        "outcome": recall.outcome,
        "answered_at": maybe_instant(recall.answered_at),
    }


def recall_of(row: Row[Any]) -> Recall:
    """The reverse of `recall_columns`."""
    return Recall(
        delivery_id=row.delivery_id,
        submission_id=row.submission_id,
        asked_at=moment(row.asked_at),
        outcome=RecallOutcome(row.outcome),
        answered_at=maybe_moment(row.answered_at),
    )


def uptime_columns(uptime: Uptime) -> Columns:
    """The row of a time in which the axis served."""
    return {
        "id": uptime.id,
        "began_at": instant(uptime.began_at),
        "seen_at": instant(uptime.seen_at),
        "ended": uptime.ended,
    }


def uptime_of(row: Row[Any]) -> Uptime:
    """The reverse of `uptime_columns`."""
    return Uptime(row.id, moment(row.began_at), moment(row.seen_at), UptimeEnd(row.ended))


def untaken_columns(untaken: Untaken) -> Columns:
    """The row of an item that could not be taken."""
    return {
        "kind": untaken.kind,
        "doc_id": untaken.doc_id,
        "sender": untaken.sender,
        "recipient": untaken.recipient,
        "since": instant(untaken.since),
        "tried_at": instant(untaken.tried_at or untaken.since),
        "tries": untaken.tries,
        "cause": untaken.cause,
        "listed": int(untaken.listed),
    }


def untaken_of(row: Row[Any]) -> Untaken:
    """The reverse of `untaken_columns`."""
    return Untaken(
        kind=row.kind,
        doc_id=row.doc_id,
        sender=row.sender,
        recipient=row.recipient,
        since=moment(row.since),
        tried_at=moment(row.tried_at),
        tries=row.tries,
        cause=row.cause,
        listed=bool(row.listed),
    )


def outbox_columns(row: OutboxRow) -> Columns:
    """The row of something that waits to leave; it has waited since it first falls due."""
    due = instant(row.due_at)
    return {
        "id": row.id,
        "kind": row.kind,
        "destination": row.destination,
        "lane": row.lane,
        "due_at": due,
        "size": row.size,
        "attempts": row.attempts,
        "held": int(row.held),
        "reason": row.reason,
        "since": due,
        "behind": " ".join(row.behind),
    }


def outbox_of(row: Row[Any]) -> OutboxRow:
    """The reverse of `outbox_columns`; `about` is the delivery's."""
    return OutboxRow(
        id=row.id,
        kind=OutboxKind(row.kind),
        destination=row.destination,
        lane=Lane(row.lane),
        due_at=moment(row.due_at),
        size=row.size,
        attempts=row.attempts,
        held=bool(row.held),
        reason=row.reason,
        behind=tuple(row.behind.split()),
        about=row.about or "",
    )


def entry_columns(entry: Entry) -> Columns:
    """The row of one entry of the chain; its time to the millisecond, as its content says it."""
    return {
        "position": entry.position,
        "id": entry.id,
        "event": entry.event,
        "at": instant(entry.at) // 1000,
        "submission_id": entry.submission_id,
        "delivery_id": entry.delivery_id,
        "content": entry.content,
        "hash": entry.hash,
    }


def entry_of(row: Row[Any]) -> Entry:
    """The reverse of `entry_columns`."""
    return Entry(
        position=row.position,
        id=row.id,
        event=Event(row.event),
        at=moment(row.at * 1000),
        submission_id=row.submission_id,
        delivery_id=row.delivery_id,
        content=row.content,
        hash=row.hash,
    )


def receipt_columns(receipt: Receipt) -> Columns:
    """The row of one receipt."""
    return {
        "position": receipt.position,
        "id": receipt.id,
        "event": receipt.event,
        "submission_id": receipt.submission_id,
        "document_id": receipt.document_id,
        "agency": receipt.to,
        "body": receipt.body,
    }


def receipt_of(row: Row[Any]) -> Receipt:
    """The reverse of `receipt_columns`."""
    return Receipt(
        id=row.id,
        position=row.position,
        event=Event(row.event),
        submission_id=row.submission_id,
        document_id=row.document_id,
        to=row.agency,
        body=row.body,
    )
