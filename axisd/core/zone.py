"""Vietnam's time: every time that is shown, and every calendar day that is decided by (QC Điều 10.3).

Times are kept as aware instants; only what people and other systems read is in the country's zone,
ISO 8601. Vietnam has no daylight saving, so the offset is fixed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal

VIETNAM: Final = timezone(timedelta(hours=7))


def wire_time(at: datetime, *, unit: Literal["seconds", "milliseconds"] = "milliseconds") -> str:
    """`2026-11-22T09:15:00.123+07:00`."""
    return at.astimezone(VIETNAM).isoformat(timespec=unit)


def day_of(at: datetime) -> date:
    """The calendar day in Vietnam, by which codes open and close."""
    return at.astimezone(VIETNAM).date()
