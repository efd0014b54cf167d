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
from axisd.cli.doctor_services import MEND, look_at_outbox, no_ledger
from axisd.cli.exits import Exit
from axisd.cli.findings import (
    Finding,
    failed,
    good,
    listed,
    plain,
    skipped,
    together,
    told,
    warning,
)
from axisd.config.load import Configuration
from axisd.core.evidence import Head
from axisd.core.history import CONSIGNMENT
from axisd.core.reconciliation import EXPLAINED
from axisd.core.view import View
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time
from axisd.errors import AxisError
from axisd.service.check_book import last_checks
from axisd.service.reconcile import last_runs

RECONCILIATION: Final = "reconciliation"
NAMES: Final = ("chain", RECONCILIATION, "outbox", mailbox_look.NAME)
_STALE: Final = timedelta(hours=36)
"""Since the last reconciliation with the national axis: one night may have failed."""
_SHOWN: Final = 100
_KEEP: Final = MEND["ledger"]


async def look_at_ledger(loaded: Configuration, now: datetime) -> tuple[list[Finding], Head | None]:
    """The findings, and up to where the chain now is verified; None where it does not hold."""
    folder = loaded.settings.ledger.folder
    if not database(folder).is_file():
        return [skipped(name, no_ledger(folder)) for name in NAMES], None
    try:
        reader = await open_reader(folder)
    except AxisError as error:
        return [failed(name, told(error), _KEEP, error.exit_code) for name in NAMES], None
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
        return failed(name, told(error), _KEEP, error.exit_code), None
    if stretch.faults:
        faults = listed(stretch.faults, "; ")
        broken = Phrase(f"it does not hold: {faults.en}", f"không còn nguyên vẹn: {faults.vi}")
        return failed(name, broken, _KEEP, Exit.INTEGRITY), None
    entries, at = stretch.entries, stretch.head.position
    holds = Phrase(
        f"{entries} entries hold, up to entry {at}", f"{entries} mục còn nguyên vẹn, đến mục {at}"
    )
    if at < stretch.newest:
        holds = Phrase(
            f"{holds.en} of {stretch.newest}; the next check goes on from there",
            f"{holds.vi} trên {stretch.newest}; lần kiểm tra sau tiếp tục từ đó",
        )
    return good(name, holds), stretch.head


async def _with_national(reader: LedgerReader, now: datetime) -> Finding:
    """What the last reconciliation with the national axis left; it is held each night."""
    name, again = RECONCILIATION, plain("axisd national reconcile")
    try:
        last = await last_runs(reader, 1)
    except AxisError as error:
        return failed(name, told(error), _KEEP, error.exit_code)
    if not last:
        never = Phrase(
            "the national axis's lists have not been compared yet",
            "chưa đối chiếu với danh sách của trục quốc gia",
        )
        return good(name, never)
    run, when = last[0], wire_time(last[0].at, unit="seconds")
    if now - run.at > _STALE:
        stale = Phrase(
            f"the national axis's lists were last compared at {when}",
            f"lần cuối đối chiếu với danh sách của trục quốc gia là {when}",
        )
        return warning(name, stale, again)
    standing = [
        plain(f"{count} {kind}")
        for kind, count in run.open.items()
        if count and kind not in EXPLAINED
    ]
    standing += [Phrase(f"{one} not compared", f"{one} chưa đối chiếu") for one in run.incomplete]
    if standing:
        left = listed(standing)
        differ = Phrase(
            f"the national axis's lists, compared at {when}: {left.en}",
            f"danh sách của trục quốc gia, đối chiếu lúc {when}: {left.vi}",
        )
        return warning(name, differ, plain("axisd national reconcile; docs/how-to/reconcile.md"))
    agree = Phrase(
        f"the national axis's lists agree, compared at {when}",
        f"danh sách của trục quốc gia khớp, đối chiếu lúc {when}",
    )
    return good(name, agree)


async def _reconciliation(reader: LedgerReader) -> Finding:
    name = RECONCILIATION
    try:
        found = list(await reader.contradictions(_SHOWN))
    except AxisError as error:
        return failed(name, told(error), _KEEP, error.exit_code)
    if found:
        differ = listed(found, "; ")
        wrong = Phrase(differ.en, f"không khớp: {differ.vi}")
        return failed(name, wrong, _KEEP, Exit.INTEGRITY)
    agree = Phrase(
        "deliveries, receipts, outbox and mailboxes agree",
        "bản gửi, biên nhận, hàng chờ gửi và hộp thư khớp nhau",
    )
    return good(name, agree)


async def _mailboxes(reader: LedgerReader, view: View, now: datetime) -> Finding:
    try:
        return await mailbox_look.look_at_mailboxes(reader.mailboxes, view, now)
    except AxisError as error:
        return failed(mailbox_look.NAME, told(error), _KEEP, error.exit_code)


async def _outbox(reader: LedgerReader, now: datetime) -> Finding:
    """What should have left by the end of its working day (NĐ 30 Điều 21.2), then what waits for long."""
    name, mend = "outbox", plain("axisd outbox list; docs/runbooks/delivery-overdue.md")
    try:
        late = [
            f"{owed.inbox} ({owed.overdue})"
            for owed in await reader.awaited(now)
            if owed.kind == CONSIGNMENT and owed.overdue
        ]
        if late:
            names = listed(late)
            overdue = Phrase(
                f"past their deadline and not yet sent: {names.en}",
                f"đã quá hạn mà chưa chuyển: {names.vi}",
            )
            return failed(name, overdue, mend, Exit.UNAVAILABLE)
        return await look_at_outbox(reader, now)
    except AxisError as error:
        return failed(name, told(error), _KEEP, error.exit_code)
