"""A receipt as it comes out of the queue: what it says, whether that is proven, and to be acknowledged.

With certificates to trust, what a receipt says is told only if all of it verifies; without them it is told
unproven, for sorting. Either way the bytes are there to be kept, and they are the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from axisd.adapters.amqp import Received
from axisd.client.handled import Handled
from axisd.core.receiptproof import ReceiptFacts, ReceiptVerdict, ReceiptVerifier, told_by

Heard = Callable[["Receipt"], None]

_ABOUT: Final = "Submission"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt. `id` is the same for ever; `event` is the broker's word until `proven`.

    `facts`: None for a receipt that does not verify, or is none. `verdict`: how it was judged; None where
    the client has no certificates to judge by. As a context manager: acknowledged at the end of the block.
    """

    id: str
    event: str
    document_id: str
    submission: str
    body: bytes = field(repr=False)
    facts: ReceiptFacts | None
    verdict: ReceiptVerdict | None = field(repr=False)
    _handled: Handled = field(repr=False, compare=False)
    _heard: Heard = field(repr=False, compare=False)

    @property
    def proven(self) -> bool:
        """Whether its signature, its form and its signer hold."""
        return self.verdict is not None and self.verdict.valid

    @property
    def digest(self) -> str:
        """Of the envelope that it is about: `sha256:` and hex; "" where it tells nothing."""
        return self.facts.of(_ABOUT, "digest") if self.facts else ""

    async def ack(self) -> None:
        """Tells the broker that it is kept. TransientError: the connection was lost, it comes again."""
        await self._handled.ack()
        self._heard(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if await self._handled.ended(error):
            self._heard(self)


def receipt_of(
    received: Received, verifier: ReceiptVerifier | None, handled: Handled, heard: Heard
) -> Receipt:
    """What the broker gave as a receipt, judged by `verifier` where there is one."""
    verdict = verifier.verify(received.body) if verifier is not None else None
    return Receipt(
        id=received.message_id,
        event=received.type,
        document_id=received.correlation_id,
        submission=received.headers.get("axis-submission", ""),
        body=received.body,
        facts=told_by(received.body) if verdict is None else verdict.facts,
        verdict=verdict,
        _handled=handled,
        _heard=heard,
    )
