"""Durations, sizes and addresses read right, and say how to be written when they do not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.config.units import (
    Address,
    format_clock,
    format_duration,
    format_size,
    parse_address,
    parse_clock,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("2s", timedelta(seconds=2)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("5d 2h 500ms", timedelta(days=5, hours=2, milliseconds=500)),
        ("0.5s", timedelta(milliseconds=500)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "999999999d 24h", "5 days", "5d5d", "-5s", "s", "5s,", "1.5.2s", "٥s"]
)
def test_a_duration_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="500ms, 2s, 1h 30m, 5d"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=10_000)))
def test_a_duration_survives_being_written(value: timedelta) -> None:
    whole = timedelta(milliseconds=value // timedelta(milliseconds=1))
    assert parse_duration(format_duration(whole)) == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [("64MiB", 64 * 1024**2), ("512 KiB", 512 * 1024), ("30MB", 30_000_000), ("7B", 7)],
)
def test_a_size_is_bytes(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "64", "64mb", "1.5GiB", "-1KiB", "KiB"])
def test_a_size_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="512KiB, 64MiB, 1GiB"):
        parse_size(text)


@given(st.integers(0, 2**50))
def test_a_size_survives_being_written(value: int) -> None:
    assert parse_size(format_size(value)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9153", Address("127.0.0.1", 9153)),
        ("[::1]:80", Address("::1", 80)),
        ("localhost:65535", Address("localhost", 65535)),
    ],
)
def test_an_address_is_host_and_port_and_survives_being_written(
    text: str, expected: Address
) -> None:
    assert parse_address(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text", ["9153", ":9153", "localhost", "h:0", "h:65536", "::1:80", "[nix]:80"]
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9153|does not appear"):
        parse_address(text)


@pytest.mark.parametrize("text", ["00:00", "02:00", "12:30", "23:59"])
def test_times_of_day_are_read_and_written_alike(text: str) -> None:
    assert format_clock(parse_clock(text)) == text
    assert parse_clock(parse_clock(text)) == parse_clock(text)


@pytest.mark.parametrize("text", ["2:00", "24:00", "12:60", "12", 750, "", "02:00:00"])
def test_what_is_no_time_of_day_says_how_to_write_one(text: object) -> None:
    with pytest.raises(ValueError, match='in quotes: "02:00"'):
        parse_clock(text)
