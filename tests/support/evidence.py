"""Evidence as settlements make it, for tests of what is done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from axisd.core.envelope import Attachment
from axisd.core.evidence import Evidence, Facts, RecipientOutcome
from axisd.core.inspection import STEPS, LegalValue, Outcome, SignatureFinding, SignatureState, Step
from axisd.core.reasons import Event, refuse
from axisd.core.submission import Door

AT: Final = datetime(2026, 11, 2, 2, 0, 0, 123_000, tzinfo=UTC)

SIGNER: Final = SignatureFinding(
    SignatureState.VERIFIED,
    "CN=Sở Tài chính,2.5.4.97=000.00.11.H53",
    "ab" * 32,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
)
FACTS: Final = Facts(
    submission_id="0193-submission",
    door=Door.AMQP,
    account="sotaichinh",
    sender="000.00.11.H53",
    reply_to="000.00.11.H53",
    kind="document",
    business="new",
    status="",
    document_id="000.00.11.H53,2026/11/02,12/STC",
    digest="sha256:" + "cd" * 32,
    size=10_240,
    received_at=AT,
    legal_value=LegalValue.ORIGINAL,
    signature=SIGNER,
    attachments=(
        Attachment(
            "1",
            "Công văn 12.pdf",
            "application/pdf",
            "application/pdf",
            7_000,
            "sha256:" + "ef" * 32,
        ),
    ),
)
RECIPIENT: Final = RecipientOutcome(
    "000.00.13.H53", ("000.00.13.H53", "H53.13"), "accepted", "000.00.13.H53", "local"
)
UNKNOWN: Final = RecipientOutcome(
    "000.00.99.H53",
    ("000.00.99.H53",),
    "refused",
    refusal=refuse("recipient-unknown", agency="000.00.99.H53"),
)
CLOSED: Final = RecipientOutcome(
    "H39",
    ("H39",),
    "accepted",
    "H53",
    "local",
    note=refuse("recipient-closed", agency="H39", date="2025-07-01", advice="use H53"),
)


def accepted(id: str = "0193-acceptance") -> Evidence:  # noqa: A002 -- the field's name
    return Evidence(
        id,
        Event.SUBMISSION_ACCEPTANCE,
        AT,
        FACTS,
        recipients=(RECIPIENT, UNKNOWN, CLOSED),
        steps=tuple(Step(name, Outcome.PASSED) for name in STEPS),
        warnings=(refuse("date-invalid", field="DueDate", found="16/09/2020", line=40),),
        receipt_to=FACTS.reply_to,
    )


def refused(id: str = "0193-rejection") -> Evidence:  # noqa: A002
    refusal = refuse("schema-invalid", at="/edXML", line=12, detail="From is missing")
    return Evidence(
        id,
        Event.SUBMISSION_REJECTION,
        AT,
        FACTS,
        refusal=refusal,
        steps=(
            *(Step(name, Outcome.PASSED) for name in STEPS[:4]),
            Step(STEPS[4], Outcome.REFUSED, "schema-invalid"),
            *(Step(name, Outcome.SKIPPED) for name in STEPS[5:]),
        ),
        receipt_to=FACTS.reply_to,
    )


def consigned(id: str = "0193-consignment") -> Evidence:  # noqa: A002
    return Evidence(
        id,
        Event.CONTENT_CONSIGNMENT,
        AT,
        FACTS,
        delivery_id=f"delivery-{id}",
        recipient=RECIPIENT,
        receipt_to=FACTS.reply_to,
    )
