"""What the interconnection check finds in the ledger: chain, reconciliation, and what waits for too long, in the
outbox and in mailboxes.

Reads beside the running daemon, in another process, and changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from axisd.adapters.ledger import LedgerReader, open_reader
from axisd.adapters.ledger.store import database
from axisd.cli import mailbox_look
from axisd.cli.doctor_services import listed, look_at_outbox
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, skipped, together, warning
from axisd.config.load import Configuration
from axisd.core.evidence import Head
from axisd.core.history import CONSIGNMENT
from axisd.core.reconciliation import EXPLAINED
from axisd.core.view import View
from axisd.core.zone import wire_time
from axisd.errors import AxisError
from axisd.service.check_book import last_checks
from axisd.service.reconcile import last_runs

RECONCILIATION: Final = "reconciliation"
NAMES: Final = ("chain", RECONCILIATION, "outbox", mailbox_look.NAME)
_STALE: Final = timedelta(hours=36)
"""Since the last reconciliation with the national axis: one night may have failed."""
_SHOWN: Final = 100
_KEEP: Final = "stop axisd, keep the folder as it is, run: axisd ledger verify"


async def look_at_ledger(loaded: Configuration, now: datetime) -> tuple[list[Finding], Head | None]:
    """The findings, and up to where the chain now is verified; None where it does not hold."""
    folder = loaded.settings.ledger.folder
    if not database(folder).is_file():
        told = f"there is no ledger in {folder} yet; the daemon makes it"
        return [skipped(name, told) for name in NAMES], None
    try:
        reader = await open_reader(folder)
    except AxisError as error:
        return [failed(name, str(error), _KEEP, error.exit_code) for name in NAMES], None
    try:
        chain, proved = await _chain(reader)
        reconciled = [await _reconciliation(reader)]
        if loaded.settings.national is not None:
            reconciled.append(await _with_national(reader, now))
        found = [
            chain,
            together(RECONCILIATION, reconciled),
            await _outbox(reader, now),
            await _mailboxes(reader, loaded.view, now),
        ]
        return found, proved
    finally:
        await reader.close()


async def _chain(reader: LedgerReader) -> tuple[Finding, Head | None]:
    name = "chain"
    try:
        last = await last_checks(reader, _SHOWN)
        known = next((check.run.proved for check in last if check.run.proved is not None), None)
        stretch = await reader.check_since(known)
    except AxisError as error:
        return failed(name, str(error), _KEEP, error.exit_code), None
    if stretch.faults:
        told = listed(list(stretch.faults), "; ")
        return failed(name, f"it does not hold: {told}", _KEEP, Exit.INTEGRITY), None
    told = f"{stretch.entries} entries hold, up to entry {stretch.head.position}"
    if stretch.head.position < stretch.newest:
        told += f" of {stretch.newest}; the next check goes on from there"
    return good(name, told), stretch.head


async def _with_national(reader: LedgerReader, now: datetime) -> Finding:
    """What the last reconciliation with the national axis left; it is held each night."""
    try:
        last = await last_runs(reader, 1)
    except AxisError as error:
        return failed(RECONCILIATION, str(error), _KEEP, error.exit_code)
    if not last:
        return good(RECONCILIATION, "the national axis's lists have not been compared yet")
    run, when = last[0], wire_time(last[0].at, unit="seconds")
    if now - run.at > _STALE:
        told = f"the national axis's lists were last compared at {when}"
        return warning(RECONCILIATION, told, "axisd national reconcile")
    standing = [
        f"{count} {kind}" for kind, count in run.open.items() if count and kind not in EXPLAINED
    ]
    standing += [f"{name} not compared" for name in run.incomplete]
    if standing:
        told = f"the national axis's lists, compared at {when}: {listed(standing)}"
        return warning(RECONCILIATION, told, "axisd national reconcile; docs/how-to/reconcile.md")
    return good(RECONCILIATION, f"the national axis's lists agree, compared at {when}")


async def _reconciliation(reader: LedgerReader) -> Finding:
    name = RECONCILIATION
    try:
        found = list(await reader.contradictions(_SHOWN))
    except AxisError as error:
        return failed(name, str(error), _KEEP, error.exit_code)
    if found:
        return failed(name, listed(found, "; "), _KEEP, Exit.INTEGRITY)
    return good(name, "deliveries, receipts, outbox and mailboxes agree")


async def _mailboxes(reader: LedgerReader, view: View, now: datetime) -> Finding:
    try:
        return await mailbox_look.look_at_mailboxes(reader.mailboxes, view, now)
    except AxisError as error:
        return failed(mailbox_look.NAME, str(error), _KEEP, error.exit_code)


async def _outbox(reader: LedgerReader, now: datetime) -> Finding:
    """What should have left by the end of its working day (NĐ 30 Điều 21.2), then what waits for long."""
    name, mend = "outbox", "axisd outbox list; docs/runbooks/delivery-overdue.md"
    try:
        late = [
            f"{owed.inbox} ({owed.overdue})"
            for owed in await reader.awaited(now)
            if owed.kind == CONSIGNMENT and owed.overdue
        ]
        if late:
            told = f"past their deadline and not yet sent: {listed(late)}"
            return failed(name, told, mend, Exit.UNAVAILABLE)
        return await look_at_outbox(reader, now)
    except AxisError as error:
        return failed(name, str(error), _KEEP, error.exit_code)
