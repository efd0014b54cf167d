"""When the axis served: what the daemon recorded of it, and what that comes to over a period.

An `Uptime` begins when everything that has to work does (`/-/ready`), is confirmed every minute, and ends
at a stop, when something no longer works, or with no word at all (a crash, a power cut): then it counts
up to the last minute in which it was confirmed. So a gap is known to the minute, and is never shorter
than it was by more than that.

Definitions. *Recorded*: from the first uptime that there ever was; nothing is said of the time before.
*Covered*: the time of the period, so far as recorded, in which at least one uptime lies. *Gap*: the rest,
in pieces. *Availability*: covered / recorded, of all hours and of office hours alone. Where the newest
uptime still runs and was confirmed at most `GRACE` before the cut-off, judgement ends with that minute:
what comes after it is neither served nor missed yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from axisd.core.calendar import Calendar

GRACE: Final = timedelta(minutes=3)
"""How old the newest confirmation may be without meaning that the axis is gone."""


class UptimeEnd(StrEnum):
    """`open`: it runs, or ended without a word. `interrupted`: something that has to work did not."""

    OPEN = "open"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Uptime:
    """A time in which the axis served: from `began_at` until `seen_at` at least. `id` is a UUIDv7."""

    id: str
    began_at: datetime
    seen_at: datetime
    ended: UptimeEnd = UptimeEnd.OPEN


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which it did not serve, and how the uptime before it ended."""

    start: datetime
    end: datetime
    cause: UptimeEnd

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Availability:
    """`since` and `until` bound what is judged; None where nothing of the period was recorded.

    `working` and `working_covered` are of the office hours that hold for everybody.
    """

    since: datetime | None = None
    until: datetime | None = None
    covered: timedelta = timedelta()
    working: timedelta = timedelta()
    working_covered: timedelta = timedelta()
    gaps: tuple[Gap, ...] = ()

    @property
    def recorded(self) -> timedelta:
        """How much time is judged."""
        return timedelta() if self.since is None or self.until is None else self.until - self.since

    @property
    def share(self) -> Decimal | None:
        """Covered of recorded, from 0 to 1, exact; None where nothing was recorded."""
        return _share(self.covered, self.recorded)

    @property
    def working_share(self) -> Decimal | None:
        """The same of office hours; None where there were none."""
        return _share(self.working_covered, self.working)


def availability(
    uptimes: Iterable[Uptime],
    *,
    first: datetime | None,
    start: datetime,
    until: datetime,
    calendar: Calendar,
) -> Availability:
    """What `uptimes` come to from `start` to `until` (exclusive).

    `first`: when the first uptime ever began; None if there is none. Uptimes may overlap, lie outside
    and come in any order.
    """
    known = sorted(uptimes, key=lambda uptime: (uptime.began_at, uptime.seen_at))
    if first is None:
        return Availability()
    since = max(start, first)
    newest = max(known, key=lambda uptime: uptime.seen_at, default=None)
    if (
        newest is not None
        and newest.ended is UptimeEnd.OPEN
        and newest.seen_at < until <= newest.seen_at + GRACE
    ):
        until = max(since, newest.seen_at)
    if since >= until:
        return Availability()
    covered, gaps = _covered(known, since, until)
    return Availability(
        since=since,
        until=until,
        covered=sum((end - begin for begin, end in covered), timedelta()),
        working=calendar.working_time(since, until),
        working_covered=sum(
            (calendar.working_time(begin, end) for begin, end in covered), timedelta()
        ),
        gaps=gaps,
    )


def _covered(
    known: list[Uptime], since: datetime, until: datetime
) -> tuple[list[tuple[datetime, datetime]], tuple[Gap, ...]]:
    """The pieces between `since` and `until` that uptimes cover, and those that none does.

    `known` is in order of beginning.
    """
    covered: list[tuple[datetime, datetime]] = []
    gaps: list[Gap] = []
    before = [uptime for uptime in known if uptime.seen_at < since]
    last = max(before, key=lambda uptime: uptime.seen_at, default=None)
    reached, cause = since, last.ended if last is not None else UptimeEnd.OPEN
    for uptime in known:
        begin, end = max(uptime.began_at, reached), min(uptime.seen_at, until)
        if begin >= until:
            break
        if uptime.seen_at >= reached:
            if begin > reached:
                gaps.append(Gap(reached, begin, cause))
            cause = uptime.ended
            reached = max(reached, end)
        if end > begin:
            covered.append((begin, end))
    if reached < until:
        gaps.append(Gap(reached, until, cause))
    return covered, tuple(gaps)


def _share(part: timedelta, whole: timedelta) -> Decimal | None:
    if not whole:
        return None
    microsecond = timedelta(microseconds=1)
    return Decimal(part // microsecond) / Decimal(whole // microsecond)
