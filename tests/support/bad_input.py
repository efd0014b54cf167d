"""What must not be accepted, each with what its refusal says; and a postman who obeys no permission."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

import aio_pika

from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import VHOST, Province
from tests.support.acceptance import ENVIRONMENT, FINANCE, HEALTH, NOBODY, SETTINGS

LIMIT: Final = 8 * 1024 * 1024
assert "envelope: 8MiB" in SETTINGS

POSTMAN: Final = "postman"
CLOSED, MOVED = "000.00.88.H53", "000.00.89.H53"
CLOSED_ROWS: Final = (
    f"{CLOSED},,Sở đã giải thể,department,,,2020-01-01,,,\n"
    f"{MOVED},,Sở đã sáp nhập,department,,,2020-01-01,{ENVIRONMENT},,\n"
)
"""Two agencies whose codes have closed: one for good, one with a successor."""


@dataclass(frozen=True)
class Bad:
    """`make`: the bytes, handed in by `agency`. `at`: an end of the place, None if there is none."""

    code: str
    make: Callable[[Papers], bytes]
    at: str | None = None
    line: bool = False
    content_type: str = "application/xml"
    agency: str = FINANCE


def _unsigned(papers: Papers, *recipients: str, subject: str = "V/v đầu vào") -> bytes:
    return papers.document(FINANCE, recipients or (ENVIRONMENT,), subject)[1]


def _sent(*recipients: str, subject: str = "V/v đầu vào") -> Callable[[Papers], bytes]:
    return lambda papers: papers.signed(FINANCE, _unsigned(papers, *recipients, subject=subject))


def _signed_with(old: str, new: str) -> Callable[[Papers], bytes]:
    """A document with `old` replaced before it was signed."""
    return lambda papers: papers.signed(FINANCE, _swapped(_unsigned(papers), old, new))


def _changed(old: str, new: str) -> Callable[[Papers], bytes]:
    """A signed document with `old` replaced afterwards."""
    return lambda papers: _swapped(papers.signed(FINANCE, _unsigned(papers)), old, new)


def _swapped(body: bytes, old: str, new: str) -> bytes:
    assert old.encode() in body
    return body.replace(old.encode(), new.encode(), 1)


def _always(body: bytes) -> Callable[[Papers], bytes]:
    return lambda papers: body


def _bomb(markup: str, text: str) -> Callable[[Papers], bytes]:
    """A document with a DTD before its root and `text` as its subject."""
    return lambda papers: _swapped(
        _swapped(_unsigned(papers), "<edXML ", f"<!DOCTYPE edXML [{markup}]>\n<edXML "),
        "V/v đầu vào",
        text,
    )


_LAUGHS: Final = '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9)
)
_HEADER: Final = "edXMLHeader/MessageHeader"
_SUBJECT: Final = "<edXML:Subject>"

BAD: Final[dict[str, Bad]] = {
    "nothing": Bad("empty", _always(b"")),
    "a single zero byte": Bad("not-well-formed", _always(b"\0"), line=True),
    "garbage": Bad("encoding", _always(bytes(range(256)) * 8), line=True),
    "words": Bad("not-well-formed", _always("Kính gửi Sở".encode()), line=True),
    "HTML": Bad("kind-unknown", _always(b"<html><body/></html>"), at="/html", line=True),
    "UTF-16": Bad("encoding", lambda p: _unsigned(p).decode().encode("utf-16"), line=True),
    "more than the limit": Bad("too-large", _always(b"<edXML>" + b"a" * LIMIT)),
    "JSON": Bad("content-type", _sent(), content_type="application/json"),
    "a document that was cut off": Bad("not-well-formed", lambda p: _sent()(p)[:-200], line=True),
    "a document with something behind it": Bad(
        "not-well-formed", lambda p: _sent()(p) + b"<more/>", line=True
    ),
    "a DTD": Bad("forbidden-markup", _bomb("", "x"), line=True),
    "an entity bomb": Bad("forbidden-markup", _bomb(_LAUGHS, "&a9;"), line=True),
    "an external entity": Bad(
        "forbidden-markup", _bomb('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), line=True
    ),
    "a processing instruction": Bad(
        "forbidden-markup", _changed(_SUBJECT, f"<?php evil ?>{_SUBJECT}"), line=True
    ),
    "an XInclude": Bad(
        "forbidden-markup",
        _changed(
            _SUBJECT,
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
            + _SUBJECT,
        ),
        at=f"{_HEADER}/include",
        line=True,
    ),
    "deep nesting": Bad("structure-limit", _always(b"<a>" * 100_000), line=True),
    "a flood of elements": Bad(
        "structure-limit", _always(b"<a>" + b"<b/>" * 100_000 + b"</a>"), line=True
    ),
    "a flood of attributes": Bad(
        "structure-limit",
        _always(b"<a " + b" ".join(b'a%d=""' % n for n in range(5000)) + b"/>"),
        line=True,
    ),
    "an invalid field": Bad(
        "schema-invalid",
        _signed_with("Priority>0<", "Priority>khẩn<"),
        at="OtherInfo/Priority",
        line=True,
    ),
    "a DocumentId that is too long": Bad(
        "schema-invalid",
        _signed_with("/TEST</edXML:DocumentId>", f"/{'dài' * 100}</edXML:DocumentId>"),
        at=f"{_HEADER}/DocumentId",
        line=True,
    ),
    "an unsigned document": Bad("signature-missing", _unsigned, at="/edXMLHeader", line=True),
    "a byte that was changed": Bad(
        "signature-invalid", _changed("đầu vào", "đầu vàỏ"), at="/Signature", line=True
    ),
    "somebody else's signature": Bad("signer-not-sender", lambda p: p.signed(HEALTH, _unsigned(p))),
    "somebody else's document": Bad(
        "sender-not-account", _sent(), at=f"{_HEADER}/From/OrganId", line=True, agency=HEALTH
    ),
    "an unknown recipient": Bad("recipient-unknown", _sent(NOBODY), at="/To/OrganId", line=True),
    "a closed recipient": Bad("recipient-closed", _sent(CLOSED), at="/To/OrganId", line=True),
    "a recipient without system or intake": Bad(
        "recipient-unreachable", _sent("000.00.15.H53"), at="/To/OrganId", line=True
    ),
    "a recipient with a zero-width space": Bad(
        "code-malformed", _sent("000.00.\u200b12.H53"), at="/To/OrganId", line=True
    ),
    "a recipient written from right to left": Bad(
        "code-malformed", _sent("\u202e35H.21.00.000"), at="/To/OrganId", line=True
    ),
    "a recipient with wildcards": Bad(
        "code-malformed", _sent("000.00.*.#"), at="/To/OrganId", line=True
    ),
    "501 recipients": Bad(
        "recipients-too-many",
        _sent(*(f"H53.{n}" for n in range(501))),
        at=f"{_HEADER}/To",
        line=True,
    ),
    "10,000 recipients": Bad(
        "structure-limit",
        lambda p: _unsigned(p, *(f"H53.{n}" for n in range(10_000))),
        line=True,
    ),
    "a path as an attachment's name": Bad(
        "attachment-name",
        _signed_with(">cong-van.pdf<", ">../../etc/passwd<"),
        at="/AttachmentName",
        line=True,
    ),
    "a mark of secrecy": Bad(
        "secrecy-mark", _sent(subject="TỐI MẬT: kế hoạch"), at="/Subject", line=True
    ),
}


@contextlib.asynccontextmanager
async def postman(province: Province) -> AsyncIterator[None]:
    """An account that may say of itself what it likes (RabbitMQ's tag `impersonator`), while it lasts.

    Left behind it would be a stranger in the vhost, which `axisd doctor` rightly reports.
    """
    api = province.node.api
    await api("PUT", f"users/{POSTMAN}", {"password": POSTMAN, "tags": "impersonator"})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    await api("PUT", f"permissions/{VHOST}/{POSTMAN}", everything)
    try:
        yield
    finally:
        await api("DELETE", f"users/{POSTMAN}")


async def post(
    province: Province, body: bytes, routing_key: str, user_id: str | None = None
) -> None:
    """Publishes what no agency's account could; raises DeliveryError if no queue takes it."""
    url = province.node.amqp_url(VHOST, POSTMAN, POSTMAN)
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange("axis.submit")
        await exchange.publish(aio_pika.Message(body, user_id=user_id), routing_key, timeout=20)
