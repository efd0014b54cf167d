"""What a caller handed in that cannot become, or cannot be read as, an envelope.

The other failures are the broker's: `DeniedError` (never going to be allowed) and `TransientError` (heals by
itself; the same bytes may be submitted again).
"""

from __future__ import annotations

from typing import ClassVar

from axisd.core.reasons import Refusal
from axisd.errors import AxisError


class EnvelopeError(AxisError):
    """An envelope that the axis would refuse. `refusal`: its reason, place and words; None: said in the text."""

    exit_code: ClassVar[int] = 65

    def __init__(self, text: str, refusal: Refusal | None = None) -> None:
        super().__init__(text)
        self.refusal = refusal


def refused(refusal: Refusal) -> EnvelopeError:
    """The error that `refusal` stands for."""
    return EnvelopeError(f"{refusal.code}: {refusal.text('en')}", refusal)
