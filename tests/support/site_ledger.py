"""The ledger of a site, written as the daemon writes it: inspected, settled, sealed, advanced.

For commands that read a ledger. No broker, no daemon; each function is a whole run of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

from axisd.adapters import keyring
from axisd.adapters.clock import ManualClock, SystemClock
from axisd.adapters.ledger import open_ledger
from axisd.adapters.recording import RecordingTelemetry
from axisd.config.load import Configuration, read
from axisd.core.advance import Attempt, Means, advance
from axisd.core.case import prepare
from axisd.core.inspect import inspect
from axisd.core.mailbox import ItemState
from axisd.core.receipts import Sealer
from axisd.core.records import Change, OutboxKind, Questions, Records
from axisd.core.retry import Backoff
from axisd.core.schema import Schemas
from axisd.core.settlement import questions, settle
from axisd.core.submission import Door, Submission
from axisd.core.view import View
from axisd.service.commit import GroupCommit
from axisd.service.directory_evidence import DirectoryEvidence
from axisd.service.mailbox import Mailbox
from tests.support.settings import Site
from tests.support.tale import write

CLOCK = SystemClock()


def handed_in(site: Site, body: bytes, *, account: str, agency: str) -> str:
    """Takes `body` in as submitted over AMQP; the submission's id."""
    configuration = _read(site)
    submission = Submission(
        id=CLOCK.new_id(),
        door=Door.AMQP,
        body=body,
        received_at=CLOCK.now(),
        account=account,
        routing_key=f"normal.{agency}",
        content_type="application/xml",
    )
    asyncio.run(_take_in(configuration, submission))
    return submission.id


def noted(site: Site, at: datetime) -> None:
    """The daemon took the configured directory into use at this time."""
    asyncio.run(_note(_read(site), at))


def tried(site: Site, attempt: Attempt) -> None:
    """Every delivery that waits was tried, with this outcome; receipts stay where they are."""
    asyncio.run(_try(_read(site), attempt))


def written(site: Site, changes: Iterable[Change]) -> None:
    """The ledger has these changes, sealed by the site's axis."""
    asyncio.run(_write(_read(site), changes))


def marked(
    site: Site, account: str, state: ItemState, cause: str = "", *, fetch: bool = True
) -> str:
    """The account fetches the first item of its mailbox and says `state` of it; the item's id."""
    return asyncio.run(_mark(_read(site), account, state, cause, fetch=fetch))


def forged(site: Site, statement: str) -> None:
    """Changes the ledger's database behind its back, as somebody with a shell could."""
    file = site.folder / "ledger" / "ledger.db"
    with closing(sqlite3.connect(file)) as shell, shell:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in shell.execute(triggers).fetchall():
            shell.execute(f"DROP TRIGGER {name}")
        shell.execute(statement)


def _read(site: Site) -> Configuration:
    return read(site.config, day=CLOCK.now().date())


async def _take_in(configuration: Configuration, submission: Submission) -> None:
    view = configuration.view
    case = prepare(inspect(submission, view, Schemas()), view)
    ledger = await open_ledger(configuration.settings.ledger.folder)
    try:
        async with ledger.transaction() as transaction:
            known = await transaction.known(questions(case, view))
            change = settle(case, known, view, mint=CLOCK.new_id, now=CLOCK.now())
            head = await transaction.head()
            entries, receipts = _sealer(configuration).seal_group(change.evidence, head)
            await transaction.write(Records((change,), tuple(entries), tuple(receipts)))
    finally:
        await ledger.close()


async def _write(configuration: Configuration, changes: Iterable[Change]) -> None:
    ledger = await open_ledger(configuration.settings.ledger.folder)
    try:
        await write(ledger, changes, _sealer(configuration))
    finally:
        await ledger.close()


async def _try(configuration: Configuration, attempt: Attempt) -> None:
    ledger = await open_ledger(configuration.settings.ledger.folder)
    try:
        for item in await ledger.outbox_summary():
            rows = await ledger.outbox_ids(item.destination, None, 100)
            ids = [row.id for row in rows if row.kind is OutboxKind.DELIVERY]
            for parcel in await ledger.parcels(ids):
                asked = Questions(deliveries=frozenset([parcel.row.id]))
                async with ledger.transaction() as transaction:
                    known = await transaction.known(asked)
                    change = advance(parcel, attempt, known, _means(configuration.view))
                    head = await transaction.head()
                    entries, receipts = _sealer(configuration).seal_group(change.evidence, head)
                    await transaction.write(Records((change,), tuple(entries), tuple(receipts)))
    finally:
        await ledger.close()


async def _mark(
    configuration: Configuration, account: str, state: ItemState, cause: str, *, fetch: bool
) -> str:
    ledger = await open_ledger(configuration.settings.ledger.folder)
    telemetry, seal = RecordingTelemetry(), _sealer(configuration).seal_group
    with ThreadPoolExecutor(1) as pool:
        commits = GroupCommit(ledger, seal, CLOCK, telemetry, pool)
        mailbox = Mailbox(lambda: configuration.view, ledger.mailboxes, commits, CLOCK, telemetry)
        committing = asyncio.create_task(commits.run())
        try:
            item = (await mailbox.waiting(account))[0]
            if fetch:
                assert await mailbox.fetch(account, item.id) is not None
            await mailbox.mark(account, [item.id], state, cause)
        finally:
            committing.cancel()
            await asyncio.wait([committing])
            await ledger.close()
    return item.id


def _means(view: View) -> Means:
    backoff = Backoff(timedelta(seconds=2), timedelta(minutes=10))
    return Means(backoff, 0.5, CLOCK.new_id, CLOCK.now(), view)


def _sealer(configuration: Configuration) -> Sealer:
    receipts = configuration.settings.receipts
    key, view = keyring.load(receipts.key, receipts.certificate), configuration.view
    return Sealer(view.axis, key, view.calendar)


async def _note(configuration: Configuration, at: datetime) -> None:
    settings = configuration.settings
    sealer = _sealer(configuration)
    clock = ManualClock(at)
    ledger = await open_ledger(settings.ledger.folder)
    with ThreadPoolExecutor(1) as pool:
        commits = GroupCommit(ledger, sealer.seal_group, clock, RecordingTelemetry(), pool)
        committing = asyncio.create_task(commits.run())
        try:
            evidence = DirectoryEvidence(ledger, commits, clock)
            await evidence.note(configuration.view.directory)
        finally:
            committing.cancel()
            await asyncio.wait([committing])
            await ledger.close()
