"""Message properties on the wire: what we write of them, and what a submission may bring us.

RabbitMQ passes on what a publisher writes into a message's properties. A header table nested a
thousand deep, a timestamp in the year 600,000,000 or a string that is not UTF-8 would make the
library drop the connection, and every connection after it, since the message comes again: one
sender could stop the line. So the frames of a delivery are made lean before anything decodes them.
The axis reads `content_type` and `user_id`; whatever else stands there is skipped by its length.

What we publish is written here too: the library walks its tables for every property and header,
which costs more than everything else that a publish does.

Layouts: AMQP 0-9-1 §4.2.6.1 (content header), class basic; basic.deliver. Pure functions.
Those over what came in never fail: what cannot be read is left out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
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
    if len(payload) < _START.size:
        return payload
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
    tag = _length(payload, at, _STRING)
    exchange = at + (tag or 0) + 9  # behind our own tag, the delivery tag and `redelivered`
    length = _length(payload, exchange, _STRING)
    if tag is None or length is None:
        return payload
    key = exchange + length
    return payload[:exchange] + _plain(payload[exchange:key]) + _plain(payload[key:])


def written(properties: Mapping[str, str | int | Mapping[str, str] | None]) -> bytes:
    """Flags and values of `properties`, by the names of AMQP; None and "" are left out.

    Strings have at most 255 bytes in UTF-8, `headers` strings only, `timestamp` is Unix time.
    Raises ValueError or struct.error for what does not fit.
    """
    flags = 0
    parts = [b""]
    for name, kind, flag in _FLAGS:
        value = properties.get(name)
        if value is None or value == "":
            continue
        flags |= flag
        if isinstance(value, str):
            parts.append(_short(value))
        elif isinstance(value, int):
            parts.append(struct.pack(">Q" if kind == _TIMESTAMP else ">B", value))
        else:
            table = b"".join(_short(key) + _long(text) for key, text in value.items())
            parts.append(len(table).to_bytes(4, "big") + table)
    parts[0] = flags.to_bytes(2, "big")
    return b"".join(parts)


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded


def _long(text: str) -> bytes:
    encoded = text.encode()
    return b"S" + len(encoded).to_bytes(4, "big") + encoded


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
