"""The library for an agency's own system: submit, receive, answer, over AMQP.

    from axisd.client import AxisClient, File, load_key, load_trust, load_url

    async with AxisClient(load_url("broker.url"), "000.00.12.H53", key=load_key("k.key", "k.pem"),
                          trust=load_trust("ca.pem")) as axis:
        letter = axis.letter(["000.00.11.H53"], "15/STTTT-VP", "V/v …")
        answer = await axis.submit(axis.document(letter, [File.read("15.pdf")]), wait=30)
        async for message in axis.inbox():
            async with message:                  # acknowledged at the end, unless something is raised
                keep(message.id, message.body)
                await axis.submit(axis.status(message, "01"))

What this module names is what stays: code that imports from anywhere else in axisd may break with any
version. `docs/how-to/write-a-client.md` is the whole story, with a system in under 60 lines.
"""

from __future__ import annotations

import logging
from pathlib import Path

from cryptography.x509 import Certificate

from axisd.adapters import keyring
from axisd.adapters.amqp import DeniedError, Endpoint
from axisd.client.answer import Answer
from axisd.client.axis import ADDRESS, AxisClient, names_broker
from axisd.client.errors import EnvelopeError
from axisd.client.message import Message
from axisd.client.receipt import Receipt
from axisd.client.writer import Writer
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
from axisd.errors import AxisError, ConfigError, Problem, TransientError, UnavailableError

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
    "Writer",
    "load_key",
    "load_trust",
    "load_url",
]

# It logs a traceback of every connection that breaks, which `trouble` tells in a line. Whoever sets logging up
# may still hear it; nobody finds it on stderr unasked.
logging.getLogger("aiormq").addHandler(logging.NullHandler())


def load_key(key: str | Path, certificate: str | Path) -> SigningKey:
    """The key that signs, from PEM files without a passphrase. Raises ConfigError."""
    return keyring.load(Path(key), Path(certificate))


def load_url(file: str | Path) -> str:
    """The address of the broker, with account and password, from a file. Raises ConfigError."""
    try:
        url = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError((Problem(str(file), 0, f"cannot be read: {error}"),)) from error
    if not names_broker(url):
        raise ConfigError((Problem(str(file), 0, f"does not hold {ADDRESS}"),))
    return url


def load_trust(certificates: str | Path) -> tuple[Certificate, ...]:
    """Certificates of the axis or of its authority, from a PEM file. Raises ConfigError."""
    return keyring.certificates(Path(certificates))
