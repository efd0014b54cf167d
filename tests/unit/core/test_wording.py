"""Numbers, durations and times as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from axisd.core import wording
from axisd.core.wording import Phrase


def test_a_phrase_is_said_in_the_language_asked_for() -> None:
    phrase = Phrase("sent", "gửi")
    assert (phrase.said("en"), phrase.said("vi")) == ("sent", "gửi")


def test_thousands_are_grouped_as_each_language_does() -> None:
    assert wording.number(1234567, "en") == "1,234,567"
    assert wording.number(1234567, "vi") == "1.234.567"


@pytest.mark.parametrize(
    ("part", "en", "vi"),
    [
        ("1", "100 %", "100 %"),
        ("0.99999", "99.99 %", "99,99 %"),
        ("0.125", "12.5 %", "12,5 %"),
        ("0", "0 %", "0 %"),
    ],
)
def test_a_share_is_never_rounded_up(part: str, en: str, vi: str) -> None:
    assert wording.share(Decimal(part), "en") == en
    assert wording.share(Decimal(part), "vi") == vi


@pytest.mark.parametrize(
    ("seconds", "en", "vi"),
    [
        (0, "0.0 s", "0,0 giây"),
        (0.96, "0.9 s", "0,9 giây"),
        (12.9, "12 s", "12 giây"),
        (750, "12 min 30 s", "12 phút 30 giây"),
        (94_200, "26 h 10 min", "26 giờ 10 phút"),
        (36_000_000, "10,000 h 0 min", "10.000 giờ 0 phút"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, en: str, vi: str) -> None:
    assert wording.duration(timedelta(seconds=seconds), "en") == en
    assert wording.duration(timedelta(seconds=seconds), "vi") == vi


def test_times_are_those_of_vietnam() -> None:
    late = datetime(2026, 11, 28, 17, 30, tzinfo=UTC)
    assert wording.moment(late, "en") == "2026-11-29 00:30"
    assert wording.moment(late, "vi") == "00:30 29/11/2026"
    assert wording.day(date(2026, 11, 29), "vi") == "29/11/2026"
    assert wording.day(date(2026, 11, 29), "en") == "2026-11-29"
