"""What the inspection of a submission found: the values. The steps themselves are in `inspect`.

Only `axisd.core.inspect` makes a `Verified`: a function that takes one can rely on its content having
passed every step, and on every field having been read from what the signature covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.core.envelope import Attachment, Envelope
from axisd.core.reasons import Refusal
from axisd.core.submission import Submission

STEPS: Final = (
    "size",
    "account",
    "well-formed",
    "kind",
    "schema",
    "signature",
    "signer",
    "coverage",
    "rules",
)
"""Names of the nine steps, in order; they stand in receipts, on the command line and in the docs."""


class Outcome(StrEnum):
    PASSED = "passed"
    NOTED = "noted"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    outcome: Outcome
    detail: str = ""


class SignatureState(StrEnum):
    """`decorative`: a block in the edXML namespace that nobody can verify (spec/edxml.md §7).
    `invalid`: present and wrong, noted only under profile `recorded`."""

    VERIFIED = "verified"
    ABSENT = "absent"
    DECORATIVE = "decorative"
    INVALID = "invalid"


class LegalValue(StrEnum):
    """Signed has the value of paper, unsigned is "để biết, tham khảo" (QC Điều 4)."""

    ORIGINAL = "original"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """`signer`: RFC 4514 subject; `certificate`: hex SHA-256 of the DER; `algorithm`: URI of the method."""

    state: SignatureState
    signer: str = ""
    certificate: str = ""
    algorithm: str = ""


ABSENT: Final = SignatureFinding(SignatureState.ABSENT)


@dataclass(frozen=True, slots=True)
class Verified:
    """An envelope that passed every step."""

    envelope: Envelope
    signature: SignatureFinding
    legal_value: LegalValue


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Inspection:
    """The one result type. `envelope` holds whatever could be read before a refusal; `digest` is
    `sha256:` + hex over the bytes handed in; `sender` is the agency that an answer can be sent to."""

    submission: Submission
    digest: str
    verdict: Verdict
    steps: tuple[Step, ...]
    refusal: Refusal | None = None
    verified: Verified | None = None
    envelope: Envelope | None = None
    signature: SignatureFinding = ABSENT
    attachments: tuple[Attachment, ...] = ()
    sender: str | None = None
    warnings: tuple[Refusal, ...] = ()
    keep_payload: bool = True

    @property
    def legal_value(self) -> LegalValue:
        return (
            LegalValue.ORIGINAL
            if self.signature.state is SignatureState.VERIFIED
            else LegalValue.REFERENCE
        )
