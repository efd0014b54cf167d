"""Dates and times as envelopes write them: `yyyy/MM/dd`, `yyyy/MM/dd HH:mm:ss`, Vietnam's, without a zone.

Real producers write impossible ones (`16/09/2020`, `2014/02/30`); those are None here, never an exception,
and never a guess.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from axisd.core.zone import VIETNAM

_DAY = re.compile(r"\d{4}/\d{2}/\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)


def day_in(text: str) -> date | None:
    """The calendar day that `text` is as `yyyy/MM/dd`; None if it is none."""
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return None


def moment_in(text: str) -> datetime | None:
    """The instant that `text` is as `yyyy/MM/dd HH:mm:ss`, or as ISO 8601 with a zone (QC Điều 10.3).

    None if it is neither.
    """
    written = _MOMENT.fullmatch(text) is not None
    try:
        moment = datetime.fromisoformat(text.replace("/", "-") if written else text)
        if written:
            return moment.replace(tzinfo=VIETNAM)
        return moment.astimezone(VIETNAM) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # the latter at the ends of the calendar
        return None
