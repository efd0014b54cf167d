"""What a submission may bring to our protocol decoder: two properties, in plain text.

RabbitMQ passes on what a publisher writes into a message's properties. A header table nested a
thousand deep, a timestamp in the year 600,000,000 or a string that is not UTF-8 would make the
library drop the connection, and every connection after it, since the message comes again: one
sender could stop the line. So the frames of a delivery are made lean before anything decodes them.
The axis reads `content_type` and `user_id`; whatever else stands there is skipped by its length.

Layouts: AMQP 0-9-1 §4.2.6.1 (content header), class basic; basic.deliver. Pure functions over
frame payloads, which never fail: what cannot be read is left out.
"""

from __future__ import annotations

import re
import struct
from typing import Final

_BASIC: Final = 60
_DELIVER: Final = struct.pack(">HH", _BASIC, 60)
_START: Final = struct.Struct(">HHQH")
"""Class, weight, size of the body, flags of the properties."""

_STRING, _TABLE, _OCTET, _TIMESTAMP = range(4)
_PROPERTIES: Final = (
    ("content_type", _STRING),
    ("content_encoding", _STRING),
    ("headers", _TABLE),
    ("delivery_mode", _OCTET),
    ("priority", _OCTET),
    ("correlation_id", _STRING),
    ("reply_to", _STRING),
    ("expiration", _STRING),
    ("message_id", _STRING),
    ("timestamp", _TIMESTAMP),
    ("type", _STRING),
    ("user_id", _STRING),
    ("app_id", _STRING),
    ("cluster_id", _STRING),
)
"""In the order of the wire; the first has the highest of the sixteen flags."""

_FLAGS: Final = tuple(
    (name, kind, 1 << (15 - place)) for place, (name, kind) in enumerate(_PROPERTIES)
)
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_KEPT: Final = frozenset({"content_type", "user_id"})


def lean_header(payload: bytes) -> bytes:
    """A content header with the properties that the axis reads, in ASCII, and no others."""
    class_id, weight, size, flags = _START.unpack_from(payload)
    kept = []
    kept_flags = 0
    at = _START.size
    for name, kind, flag in _FLAGS:
        if not flags & flag:
            continue
        length = _length(payload, at, kind)
        if length is None:
            break
        if name in _KEPT:
            kept.append(_plain(payload[at : at + length]))
            kept_flags |= flag
        at += length
    return _START.pack(class_id, weight, size, kept_flags) + b"".join(kept)


def plain_delivery(payload: bytes) -> bytes:
    """A basic.deliver whose exchange and routing key are ASCII; any other method as it is."""
    if not payload.startswith(_DELIVER) or payload.isascii():
        return payload
    at = len(_DELIVER)
    at += 1 + payload[at] + 9  # consumer tag (our own), delivery tag, redelivered
    end = at + 1 + payload[at]
    return payload[:at] + _plain(payload[at:end]) + _plain(payload[end:])


def _length(payload: bytes, at: int, kind: int) -> int | None:
    """Bytes of the property at `at`; None where the frame ends too early."""
    if kind == _STRING:
        length = 1 + payload[at] if at < len(payload) else 1
    elif kind == _TABLE:
        length = 4 + int.from_bytes(payload[at : at + 4], "big")
    else:
        length = 8 if kind == _TIMESTAMP else 1
    return length if at + length <= len(payload) else None


def _plain(short: bytes) -> bytes:
    """The same short string with `?` for each byte that is not ASCII; the first byte is its length."""
    return short if short.isascii() else short[:1] + _BEYOND_ASCII.sub(b"?", short[1:])
