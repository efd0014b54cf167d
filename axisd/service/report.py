"""Makes a report: reads what a period has, piece by piece, and counts it. Changes nothing."""

from __future__ import annotations

from datetime import datetime

from axisd.core.availability import availability
from axisd.core.checks import checks_held
from axisd.core.period import Period
from axisd.core.report import Report, days_over
from axisd.core.statistics import Tally
from axisd.core.view import View
from axisd.ports import ReportSource


async def make_report(source: ReportSource, period: Period, as_of: datetime, view: View) -> Report:
    """The report on `period` as things stand at `as_of`, with the office hours and names of `view`.

    Raises TransientError or IntegrityError when the ledger cannot be read.
    """
    until = min(period.end, as_of)
    tally = Tally(period, as_of, view.calendar, view.probe)
    async for hand_ins in source.hand_ins(period.start, until):
        tally.take(hand_ins)
    uptimes = await source.uptimes(period.start, until)
    first = uptimes[0].began_at if uptimes else None
    return Report(
        axis=view.axis.name,
        traffic=tally.traffic(),
        availability=availability(
            uptimes, first=first, start=period.start, until=until, calendar=view.calendar
        ),
        checks=checks_held(
            await source.checks(period.start, until),
            days_over(period, as_of, first),
            view.calendar,
        ),
        names={agency.code: agency.name for agency in view.directory},
    )
