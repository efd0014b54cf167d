"""The exit to the broker: inboxes and receipts of agencies that speak AMQP.

Every publish is confirmed, mandatory and has a deadline. What a recipient finds in its inbox is the
envelope's bytes exactly as they were submitted; what the axis has to say about them is in the headers.
"""

from __future__ import annotations

import hashlib
from typing import Final

from axisd.core.advance import Attempt, Failed, Sent
from axisd.core.inspection import SignatureState
from axisd.core.reasons import refuse
from axisd.core.records import Parcel
from axisd.core.zone import wire_time
from axisd.ports import Delivered, Message, Publisher

_SHORT: Final = 255
"""Bytes of an AMQP short string at most (AMQP 0-9-1 §4.2.5.3)."""

_REASONS: Final = {
    Delivered.RETURNED: "inbox-missing",
    Delivered.NACKED: "broker-refused",
    Delivered.SILENT: "broker-silent",
}


class Relay:
    """Sends one parcel to the queue that its row names."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def send(self, parcel: Parcel) -> Attempt:
        """Raises TransientError while there is no connection to the broker."""
        answer = await self._publisher.publish(message(parcel))
        if answer is Delivered.CONFIRMED:
            return Sent()
        agency = parcel.row.destination.partition(":")[2]
        return Failed(refuse(_REASONS[answer], agency=agency))


def message(parcel: Parcel) -> Message:
    """The AMQP message for a delivery or a receipt (see the contract's properties and headers)."""
    facts, delivery, receipt = parcel.facts, parcel.delivery, parcel.receipt
    agency = parcel.row.destination.partition(":")[2]
    headers = {"axis-submission": facts.submission_id}
    if delivery is None:
        assert receipt is not None, "a parcel is a delivery or a receipt"
        return Message(
            queue=f"agency.{agency}.receipts",
            message_id=parcel.row.id,
            body=parcel.body,
            type=receipt.event,
            correlation_id=short(receipt.document_id),
            timestamp=facts.received_at,
            headers=headers,
        )
    # A signature that did not hold says as little as a decorative one.
    state = facts.signature.state
    noted = SignatureState.DECORATIVE if state is SignatureState.INVALID else state
    headers |= {
        "axis-from": facts.sender,
        "axis-to": delivery.identity.recipient,
        "axis-digest": facts.digest,
        "axis-legal-value": facts.legal_value,
        "axis-signature": noted,
        "axis-received-at": wire_time(facts.received_at),
    }
    return Message(
        queue=f"agency.{agency}.inbox",
        message_id=parcel.row.id,
        body=parcel.body,
        type=facts.kind,
        correlation_id=short(facts.document_id),
        timestamp=facts.received_at,
        priority=facts.priority,
        headers=headers,
    )


def short(text: str) -> str:
    """`text` where it fits an AMQP short string, else its digest: an id must never break a publish."""
    encoded = text.encode()
    return text if len(encoded) <= _SHORT else "sha256:" + hashlib.sha256(encoded).hexdigest()
