"""Content headers and deliveries, byte by byte: pamqp is the reference."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands, decode
from pamqp.header import ContentHeader

from axisd.adapters.amqp.frames import lean_header, plain_delivery, written

SHORT = st.text(st.characters(max_codepoint=0x7F), max_size=127)
DELIVER = struct.pack(">HH", 60, 60)


def header(properties: bytes, size: int = 7) -> bytes:
    return struct.pack(">HHQ", 60, 0, size) + properties


def read(payload: bytes) -> ContentHeader:
    read = ContentHeader()
    read.unmarshal(payload)
    return read


def delivery(key: bytes, tag: bytes = b"ctag1.abc") -> bytes:
    return (
        DELIVER
        + bytes([len(tag)])
        + tag
        + struct.pack(">QB", 2**63, 1)
        + b"\x0baxis.submit"
        + bytes([len(key)])
        + key
    )


@given(
    content_type=SHORT,
    user_id=SHORT,
    message_id=SHORT,
    headers=st.dictionaries(
        SHORT.filter(bool), st.text() | st.integers(-(2**31), 2**31) | st.none()
    ),
    timestamp=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),  # noqa: DTZ001
    size=st.integers(0, 2**63),
)
def test_a_lean_header_says_the_same_of_size_type_and_account(
    content_type: str,
    user_id: str,
    message_id: str,
    headers: dict[str, str | int | None],
    timestamp: datetime,
    size: int,
) -> None:
    properties = commands.Basic.Properties(
        content_type=content_type,
        user_id=user_id,
        message_id=message_id,
        headers=dict(headers),
        timestamp=timestamp.replace(tzinfo=UTC),
        delivery_mode=2,
        priority=9,
        app_id="product",
    )
    lean = read(lean_header(ContentHeader(body_size=size, properties=properties).marshal()))
    assert lean.body_size == size
    assert (lean.properties.content_type or "") == content_type
    assert (lean.properties.user_id or "") == user_id
    assert lean.properties.headers is None
    assert lean.properties.message_id is None


@given(st.binary(max_size=300))
def test_whatever_properties_say_the_library_can_read_what_is_left(properties: bytes) -> None:
    read(lean_header(header(properties if len(properties) > 1 else b"\x00\x00")))


@given(st.binary(max_size=13))
def test_a_header_that_is_too_short_is_left_as_it_is(payload: bytes) -> None:
    assert lean_header(payload) == payload


@pytest.mark.parametrize("key", [b"normal.\xff\xfe", "normal.Sở".encode(), b"\x80" * 255, b""])
def test_a_routing_key_that_is_not_ascii_keeps_its_length_and_can_be_read(key: bytes) -> None:
    payload = plain_delivery(delivery(key))
    frame = commands.Basic.Deliver()
    frame.unmarshal(payload[len(DELIVER) :])
    assert frame.routing_key is not None
    assert frame.routing_key.encode() == bytes(b if b < 128 else ord("?") for b in key)
    assert (frame.delivery_tag, frame.redelivered) == (-(2**63), True)
    assert frame.exchange == "axis.submit"


@given(st.binary(max_size=60))
def test_a_delivery_is_never_longer_or_shorter_than_it_was(rest: bytes) -> None:
    assert len(plain_delivery(DELIVER + rest)) == len(DELIVER + rest)


def test_other_methods_are_left_as_they_are() -> None:
    consume_ok = struct.pack(">HH", 60, 21) + b"\x02\xff\xff"
    assert plain_delivery(consume_ok) == consume_ok


@given(
    strings=st.fixed_dictionaries(
        {
            "content_type": SHORT,
            "correlation_id": SHORT,
            "message_id": SHORT,
            "type": SHORT,
            "app_id": SHORT,
        }
    ),
    headers=st.dictionaries(SHORT, st.text()),
    priority=st.integers(0, 255),
    timestamp=st.integers(0, 2**32 - 1),
)
def test_properties_are_written_as_the_library_writes_them(
    strings: dict[str, str], headers: dict[str, str], priority: int, timestamp: int
) -> None:
    headers = dict(sorted(headers.items()))  # as the library orders them
    ours = written({**strings, "headers": headers, "priority": priority, "timestamp": timestamp})
    theirs = commands.Basic.Properties(
        content_type=strings["content_type"],
        correlation_id=strings["correlation_id"],
        message_id=strings["message_id"],
        message_type=strings["type"],
        app_id=strings["app_id"],
        headers=dict(headers),
        priority=priority,
        timestamp=datetime.fromtimestamp(timestamp, UTC),
    )
    assert ours == theirs.marshal()


def test_properties_survive_reading_with_every_letter() -> None:
    payload = header(written({"headers": {"axis-name": "Sở Tài chính"}, "message_id": "đ"}))
    properties = read(payload).properties
    assert properties.headers == {"axis-name": "Sở Tài chính"}
    assert properties.message_id == "đ"


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="range"):
        written({"correlation_id": "x" * 256})
    with pytest.raises(struct.error):
        written({"priority": 256})


def test_the_flags_follow_the_specification() -> None:
    """AMQP 0-9-1, class basic: content-type is bit 15, user-id bit 4."""
    assert decode.short_uint(written({"content_type": "x"})[:2]) == (2, 0x8000)
    assert decode.short_uint(written({"user_id": "x"})[:2]) == (2, 0x0010)
