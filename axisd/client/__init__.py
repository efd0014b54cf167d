"""The library for an agency's own system: submit, receive, answer, over AMQP.

    from axisd.client import AxisClient, load_key, load_trust

    async with AxisClient(url, "000.00.12.H53", key=load_key("k.key", "k.pem"),
                          trust=load_trust("ca.pem")) as axis:
        answer = await axis.submit(axis.document(letter, [file]), wait=30)
        async for message in axis.inbox():
            async with message:                  # acknowledged at the end, unless something is raised
                keep(message.id, message.body)
                await axis.submit(axis.status(message, "01"))

What this module names is what stays: code that imports from anywhere else in axisd may break with any
version. `docs/how-to/write-a-client.md` is the whole story, with a system in under 60 lines.
"""

from __future__ import annotations

from axisd.adapters.amqp import DeniedError, Endpoint
from axisd.adapters.keyring import certificates as _certificates
from axisd.adapters.keyring import load as _load
from axisd.client.answer import Answer
from axisd.client.axis import AxisClient
from axisd.client.errors import EnvelopeError
from axisd.client.message import Message
from axisd.client.receipt import Receipt
from axisd.client.writing import File
from axisd.core.carried import CarriedFile
from axisd.core.envelope import (
    Business,
    BusinessInfo,
    Document,
    Envelope,
    Organization,
    OtherInfo,
    Receiver,
    Replacement,
    ResponseFor,
    Staff,
    Status,
)
from axisd.core.receiptproof import ReceiptFacts
from axisd.core.signing import SigningKey
from axisd.errors import AxisError, ConfigError, TransientError, UnavailableError

__all__ = [
    "Answer",
    "AxisClient",
    "AxisError",
    "Business",
    "BusinessInfo",
    "CarriedFile",
    "ConfigError",
    "DeniedError",
    "Document",
    "Endpoint",
    "Envelope",
    "EnvelopeError",
    "File",
    "Message",
    "Organization",
    "OtherInfo",
    "Receipt",
    "ReceiptFacts",
    "Receiver",
    "Replacement",
    "ResponseFor",
    "SigningKey",
    "Staff",
    "Status",
    "TransientError",
    "UnavailableError",
    "load_key",
    "load_trust",
]

load_key = _load
load_trust = _certificates
