"""What the axis answered to one submission so far: its receipts, put together.

The first answer is an acceptance or a rejection; after an acceptance each recipient that was accepted gets
word of its own. A submission that was handed in before is answered with the receipt of then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from axisd.client.receipt import Receipt
from axisd.core.reasons import FAILURE_EVENTS, Event
from axisd.core.receiptproof import ReceiptFacts

_FAILURES: Final = FAILURE_EVENTS | {Event.SUBMISSION_REJECTION}
_SUBMISSION: Final = frozenset({Event.SUBMISSION_ACCEPTANCE, Event.SUBMISSION_REJECTION})


@dataclass(slots=True)
class Answer:
    """`digest`: of the bytes that were submitted. `passed_over`: receipts about others that were looked at."""

    digest: str
    receipts: list[Receipt] = field(default_factory=list)
    passed_over: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the axis took it; of each recipient its receipt says whether it was accepted."""
        return any(facts.event == Event.SUBMISSION_ACCEPTANCE for facts in self._facts())

    @property
    def rejected(self) -> bool:
        """Whether the axis refused it; the reason stands in the receipt."""
        return any(facts.event == Event.SUBMISSION_REJECTION for facts in self._facts())

    @property
    def failed(self) -> bool:
        """Whether it is known of anybody that he does not get it, or did not take it."""
        return any(facts.event in _FAILURES or facts.refusals for facts in self._facts())

    @property
    def settled(self) -> bool:
        """Whether the axis took or refused it."""
        return self.accepted or self.rejected

    @property
    def unheard(self) -> frozenset[str]:
        """Recipients that were accepted and that no further word has come about."""
        pending: set[str] = set()
        heard: set[str] = set()
        for facts in self._facts():
            if facts.event in _SUBMISSION:
                pending |= {organ for organ, outcome in facts.recipients if outcome == "accepted"}
            else:
                heard |= {organ for organ, _ in facts.recipients}
        return frozenset(pending - heard)

    @property
    def complete(self) -> bool:
        """Whether there was word about every recipient."""
        return self.settled and not self.unheard

    @property
    def refusal(self) -> ReceiptFacts | None:
        """The rejection: `reason` is its code, `reason_text` its sentence in English and Vietnamese."""
        return next((f for f in self._facts() if f.event == Event.SUBMISSION_REJECTION), None)

    def take(self, receipt: Receipt) -> bool:
        """Adds a receipt if it is about this submission and not known yet; whether it was."""
        if receipt.digest != self.digest or any(one.id == receipt.id for one in self.receipts):
            return False
        self.receipts.append(receipt)
        return True

    def _facts(self) -> Iterator[ReceiptFacts]:
        return (receipt.facts for receipt in self.receipts if receipt.facts is not None)
