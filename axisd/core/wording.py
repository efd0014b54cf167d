"""Numbers, shares, durations and times as people read them, in English and Vietnamese.

Vietnamese writes 1.234,5 where English writes 1,234.5, and dates with the day first. Nothing here
rounds a count; durations are cut to what is worth reading, shares to a hundredth of a per cent, and a
share is never rounded up to 100 %.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from axisd.core.reasons import Language
from axisd.core.zone import VIETNAM


class Phrase(NamedTuple):
    """The same words in both languages."""

    en: str
    vi: str

    def said(self, language: Language) -> str:
        """In one of them."""
        return self.en if language == "en" else self.vi


def number(value: int, language: Language) -> str:
    """`1,234` or `1.234`."""
    grouped = f"{value:,}"
    return grouped if language == "en" else grouped.replace(",", ".")


def share(part: Decimal, language: Language) -> str:
    """A part of one as per cent, cut off behind two digits: `99.98 %` or `99,98 %`."""
    cut = (part * 100).quantize(Decimal("0.01"), ROUND_DOWN)
    text = f"{cut.normalize():f} %"
    return text if language == "en" else text.replace(".", ",")


def duration(value: timedelta, language: Language) -> str:
    """The two largest units of hours, minutes, seconds: `26 h 10 min`, `12 phút 30 giây`, `0,4 giây`.

    Hours are not gathered into days: a day of working time is not one of the clock.
    """
    seconds = value.total_seconds()
    hour, minute, second = _UNITS[language]
    if seconds < 10:
        tenths = f"{int(seconds * 10) / 10:.1f} {second}"
        return tenths if language == "en" else tenths.replace(".", ",")
    whole = int(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{number(hours, language)} {hour} {minutes} {minute}"
    return f"{minutes} {minute} {whole % 60} {second}" if minutes else f"{whole} {second}"


_UNITS = {"en": ("h", "min", "s"), "vi": ("giờ", "phút", "giây")}


def day(value: date, language: Language) -> str:
    """`2026-11-29` or `29/11/2026`."""
    return value.isoformat() if language == "en" else f"{value:%d/%m/%Y}"


def moment(value: datetime, language: Language) -> str:
    """A time in Vietnam to the minute: `2026-11-29 07:30` or `07:30 29/11/2026`."""
    local = value.astimezone(VIETNAM)
    return f"{local:%Y-%m-%d %H:%M}" if language == "en" else f"{local:%H:%M %d/%m/%Y}"
