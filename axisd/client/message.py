"""A document or a status as it comes out of the inbox: its bytes, what the axis says of it, what is in it.

Nothing is read from the envelope before somebody asks. Going wrong: an envelope that is not what the axis
received (`whole` is false), or that this version cannot read (EnvelopeError); both have to be kept and told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from axisd.adapters.amqp import Received
from axisd.client.errors import refused
from axisd.client.handled import Handled
from axisd.core.carried import CarriedFile, carried_files, read_envelope
from axisd.core.envelope import Business, BusinessInfo, Document, Envelope, Status
from axisd.core.reasons import Refusal

KINDS: Final = frozenset({"document", "status"})
"""Every other type, such as a probe, is acknowledged and ignored (docs/reference/amqp.md)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is the same for ever: one that was kept before is to be acknowledged and ignored.

    `kind`: `document` or `status`. `recipient`: another one than the inbox's where that one receives for it.
    `legal_value`: `original` or `reference`. `signature`: `verified`, `absent` or `decorative`.
    `received_at`: when the axis received it, ISO 8601. As a context manager: acknowledged at the end of the
    block; if the block raises, it is given again after a pause.
    """

    id: str
    kind: str
    document_id: str
    sender: str
    recipient: str
    submission: str
    legal_value: str
    signature: str
    received_at: str
    priority: int
    redelivered: bool
    digest: str
    body: bytes = field(repr=False)
    _handled: Handled = field(repr=False, compare=False)

    @property
    def whole(self) -> bool:
        """Whether the bytes are those that the axis received."""
        return f"sha256:{hashlib.sha256(self.body).hexdigest()}" == self.digest

    def envelope(self) -> Envelope:
        """What the envelope says: a Document or a Status. Raises EnvelopeError."""
        found = read_envelope(self.body)
        if isinstance(found, Refusal):
            raise refused(found)
        return found

    @property
    def asks_back(self) -> bool:
        """Whether it takes a document back, a recall or a status 13, to be answered with 15 or 16 (QC Điều 8.3).

        False of what cannot be read.
        """
        match read_envelope(self.body):
            case Document(business=BusinessInfo(business=Business.RECALL)) | Status(code="13"):
                return True
            case _:
                return False

    def files(self) -> tuple[CarriedFile, ...]:
        """The files of a document, out of the zip that some products wrap them in. Raises EnvelopeError."""
        found = carried_files(self.body)
        if isinstance(found, Refusal):
            raise refused(found)
        return found

    async def ack(self) -> None:
        """Tells the broker that it is kept. TransientError: the connection was lost, it comes again."""
        await self._handled.ack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        raised: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._handled.ended(error)


def message_of(received: Received, agency: str, handled: Handled) -> Message:
    """What the broker gave from the inbox of `agency`."""
    headers = received.headers
    return Message(
        id=received.message_id,
        kind=received.type,
        document_id=received.correlation_id,
        sender=headers.get("axis-from", ""),
        recipient=headers.get("axis-to", agency),
        submission=headers.get("axis-submission", ""),
        legal_value=headers.get("axis-legal-value", ""),
        signature=headers.get("axis-signature", ""),
        received_at=headers.get("axis-received-at", ""),
        priority=received.priority,
        redelivered=received.redelivered,
        digest=headers.get("axis-digest", ""),
        body=received.body,
        _handled=handled,
    )
