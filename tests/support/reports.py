"""A site with a few days of traffic, and the report on one of them, for whatever shows reports."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from axisd.adapters.clock import SystemClock
from axisd.core.availability import Uptime, UptimeEnd
from axisd.core.evidence import Evidence, own_facts
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.period import one_day
from axisd.core.reasons import Event
from axisd.core.records import Change
from axisd.core.report import Report
from axisd.core.zone import day_of
from axisd.service.report import make_report
from tests.support.ledger import commit
from tests.support.settings import Site, small_site
from tests.support.traffic import (
    COMMUNE,
    FINANCE,
    HEALTH,
    MIDNIGHT,
    MINISTRY,
    OFFICE,
    Leg,
    Story,
    ledger_of,
)
from tests.support.values import agency, directory, view

DAY: Final[date] = day_of(MIDNIGHT)
HOUR: Final = timedelta(hours=1)
NASTY: Final = 'Sở <b>Tài chính</b> & "Kế hoạch"'
"""A name that is not to be taken for markup."""

STORIES: Final = (
    Story(
        36,
        legs=(
            Leg(HEALTH, DeliveryState.HANDED_OVER, arrival_due=20, arrived=2, registered=6),
            Leg(COMMUNE, DeliveryState.SENT, arrival_due=20),
            Leg(MINISTRY, DeliveryState.REJECTED, "national-refused"),
        ),
        turned_away=("recipient-unknown",),
        urgent=True,
    ),
    Story(40, HEALTH, document_id="D2", legs=(Leg(FINANCE, arrival_due=4, arrived=8),)),
    Story(41, MINISTRY, document_id="D3", legs=(Leg(OFFICE), Leg(FINANCE))),
    Story(42, state=SubmissionState.REFUSED, reason="schema-invalid", document_id="D4"),
    Story(43, HEALTH, status="03", document_id="D1", legs=(Leg(FINANCE),)),
)


def _check(at: datetime, outcome: str) -> Change:
    key = SystemClock().new_id()
    particulars = {"outcome": outcome, "trigger": "timer"}
    event = Event.INTERCONNECTION_CHECK
    return Change(evidence=(Evidence(key, event, at, own_facts(key, at), particulars=particulars),))


async def _fill(folder: Path, as_of: datetime) -> Report:
    clock = SystemClock()
    uptimes = (
        Uptime(clock.new_id(), MIDNIGHT - 60 * HOUR, MIDNIGHT + 10 * HOUR, UptimeEnd.STOPPED),
        Uptime(clock.new_id(), MIDNIGHT + 11 * HOUR, MIDNIGHT + 90 * HOUR, UptimeEnd.OPEN),
    )
    async with ledger_of(STORIES, folder) as ledger:
        for uptime in uptimes:
            async with ledger.transaction() as transaction:
                await transaction.record_uptime(uptime)
        await commit(ledger, _check(MIDNIGHT + 8 * HOUR, "passed"))
        agencies = [agency(FINANCE, name=NASTY), agency(HEALTH, name="Sở Y tế"), agency(OFFICE)]
        known = view(directory=directory(agencies))
        return await make_report(ledger, one_day(DAY), as_of, known)


def small_report(folder: Path, as_of: datetime = MIDNIGHT + 48 * HOUR) -> Report:
    """The report on `DAY`, from a ledger in `folder`."""
    return asyncio.run(_fill(folder, as_of))


def reporting_site(folder: Path) -> Site:
    """A configuration with that ledger; Finance is called `NASTY` in it."""
    site = small_site(folder)
    quoted = NASTY.replace('"', '""')
    site.edit("agencies.csv", ",Sở Tài chính,", f',"{quoted}",')
    small_report(folder / "ledger")
    return site
