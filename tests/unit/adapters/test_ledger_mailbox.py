"""Mailboxes in both ledgers: what waits, in which order, what was sent, and payloads in pieces."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, text

from axisd.adapters.ledger import SqlLedger, codec, open_ledger
from axisd.adapters.memory import MemoryLedger
from axisd.core.audit import digest_of
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import PAGE, ItemState, MailboxMark, MailboxSummary
from axisd.core.reasons import Event
from axisd.core.records import (
    INLINE_LIMIT,
    Change,
    DeliveryUpdate,
    KnownDelivery,
    Questions,
    RouteKind,
)
from axisd.core.submission import NORMAL_SHARE, Door, Lane
from axisd.errors import IntegrityError
from axisd.ports import Mailboxes
from tests.support.ledger import NOW, RECIPIENTS, SENDER, Case, case, commit, evidence

Both = SqlLedger | MemoryLedger
INBOX, OTHER, _ = RECIPIENTS
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Both]:
    opened: Both = (
        MemoryLedger() if request.param == "memory" else await open_ledger(tmp_path / "ledger")
    )
    yield opened
    await opened.close()


def placed(document_id: str = "D1", *recipients: str, lane: Lane = Lane.NORMAL) -> Case:
    """A document in the mailbox of INBOX, or of whom it names."""
    to = recipients or (INBOX,)
    return case(document_id, recipients=to, route=RouteKind.MAILBOX, lane=lane)


def mark(of: Case, state: ItemState, cause: str = "", **changes: object) -> Change:
    made = MailboxMark(of.delivery.id, state, NOW + HOUR, cause)
    return Change(mailbox=(replace(made, **changes),))  # type: ignore[arg-type]


async def read(boxes: Mailboxes, digest: str) -> bytes | None:
    pieces = await boxes.pieces(digest)
    return None if pieces is None else b"".join([piece async for piece in pieces])


async def known(ledger: Both, made: Case) -> KnownDelivery:
    async with ledger.transaction() as transaction:
        questions = Questions(deliveries=frozenset({made.delivery.id}))
        return (await transaction.known(questions)).deliveries[made.delivery.id]


async def test_a_delivery_to_a_mailbox_brings_its_item_along(ledger: Both) -> None:
    first, made = placed("D0", OTHER), placed()
    await commit(ledger, first.change, made.change)
    (item,) = await ledger.mailboxes.page([INBOX])
    facts = made.record.facts
    assert item.mark == MailboxMark(made.delivery.id, ItemState.INITIAL, NOW)
    assert (item.sender, item.recipient, item.inbox) == (SENDER, INBOX, INBOX)
    assert (item.submission_id, item.document_id) == (facts.submission_id, "D1")
    assert (item.kind, item.business, item.status) == ("document", "new", "")
    assert (item.size, item.digest, item.created_at) == (facts.size, facts.digest, NOW)
    assert item.number == await ledger.mailboxes.number_of(facts.submission_id) == 2
    assert await ledger.mailboxes.numbered(2) == await ledger.mailboxes.items([item.id]) == [item]
    assert await ledger.mailboxes.accepted(2) == made.record
    assert (await known(ledger, made)).mailbox == item.mark


async def test_what_goes_another_way_is_in_no_mailbox(ledger: Both) -> None:
    made = case()
    await commit(ledger, made.change)
    assert await ledger.mailboxes.count(RECIPIENTS) == 0
    assert (await known(ledger, made)).mailbox is None
    with pytest.raises(IntegrityError, match="in no mailbox"):
        await commit(ledger, mark(made, ItemState.DONE))


async def test_an_item_of_a_submission_that_was_not_accepted_contradicts_the_ledger(
    ledger: Both,
) -> None:
    made = placed()
    with pytest.raises(IntegrityError, match="without acceptance"):
        await commit(ledger, replace(made.change, evidence=(), outbox=()))
    assert await ledger.mailboxes.count([INBOX]) == 0


async def test_marks_are_kept_to_the_microsecond_and_the_last_of_a_group_stands(
    ledger: Both,
) -> None:
    made = placed()
    await commit(ledger, made.change)
    later = mark(made, ItemState.FAIL, "Lỗi đọc tệp", fetched_at=NOW)
    await commit(ledger, mark(made, ItemState.PROCESSING), later)
    (item,) = await ledger.mailboxes.page([INBOX])
    assert item.mark == later.mailbox[0] == (await known(ledger, made)).mailbox


async def test_a_page_is_in_order_and_counts_are_of_what_waits(ledger: Both) -> None:
    made = [placed(f"D{n}") for n in range(5)]
    urgent = placed("D9", lane=Lane.URGENT)
    await commit(ledger, *(one.change for one in (*made, urgent)))
    await commit(
        ledger,
        mark(made[0], ItemState.FAIL),
        mark(made[1], ItemState.PROCESSING),
        mark(made[2], ItemState.DONE),
        mark(made[3], ItemState.WITHDRAWN),
    )
    order = [item.document_id for item in await ledger.mailboxes.page([INBOX])]
    assert order == ["D9", "D4", "D1", "D0"]
    assert await ledger.mailboxes.count([INBOX]) == 4
    assert await ledger.mailboxes.count([OTHER]) == 0
    states = {item.document_id: item.state for item in await ledger.mailboxes.items(
        [one.delivery.id for one in made])}  # fmt: skip
    assert (states["D2"], states["D3"]) == (ItemState.DONE, ItemState.WITHDRAWN)


async def test_kinds_and_dates_choose(ledger: Both) -> None:
    late = placed("D2")
    moved = replace(late.delivery, created_at=NOW + HOUR)
    status = case(
        "D3", recipients=(INBOX,), route=RouteKind.MAILBOX, kind="status", lane=Lane.NORMAL
    )
    await commit(ledger, placed().change, replace(late.change, deliveries=(moved,)), status.change)
    box = ledger.mailboxes
    assert await box.count([INBOX], "document") == 2
    assert await box.count([INBOX], "status") == 1
    assert await box.count([INBOX]) == 3
    assert [i.document_id for i in await box.page([INBOX], "status")] == ["D3"]
    since = await box.page([INBOX], "document", since=NOW + HOUR)
    until = await box.page([INBOX], "document", until=NOW + HOUR)
    assert [i.document_id for i in (*since, *until)] == ["D2", "D1"]


async def test_a_flood_of_urgent_items_leaves_normal_ones_their_share(ledger: Both) -> None:
    flood = [placed(f"U{n}", lane=Lane.URGENT) for n in range(12)]
    normal = [placed(f"N{n}") for n in range(4)]
    await commit(ledger, *(one.change for one in (*flood, *normal)))
    shown = [item.document_id for item in await ledger.mailboxes.page([INBOX], limit=8)]
    assert shown == [*(f"U{n}" for n in range(8 - 8 // NORMAL_SHARE)), "N0", "N1"]


async def test_several_mailboxes_are_one_list(ledger: Both) -> None:
    await commit(ledger, placed("D1", INBOX, OTHER).change, placed("D2", OTHER).change)
    both = await ledger.mailboxes.page([INBOX, OTHER])
    assert [item.document_id for item in both] == ["D1", "D1", "D2"]
    assert len({item.number for item in both}) == 2
    assert await ledger.mailboxes.page([]) == []


@pytest.mark.parametrize("number", [-1, 0, 99, 2**31, 2**63, 2**70])
async def test_a_number_that_nothing_has_finds_nothing(ledger: Both, number: int) -> None:
    await commit(ledger, placed().change)
    assert await ledger.mailboxes.numbered(number) == []
    assert await ledger.mailboxes.accepted(number) is None


async def test_the_number_of_another_entry_finds_nothing(ledger: Both) -> None:
    made = placed()
    told = evidence(made.record.facts, Event.CONTENT_CONSIGNMENT, of=made.delivery)
    await commit(ledger, replace(made.change, evidence=(*made.change.evidence, told)))
    assert await ledger.mailboxes.numbered(1) != []
    assert await ledger.mailboxes.numbered(2) == []
    assert await ledger.mailboxes.accepted(2) is None


async def test_the_sent_list_tells_of_each_delivery_newest_submissions_first(ledger: Both) -> None:
    made = [
        case(f"D{n}", recipients=(INBOX, OTHER), route=RouteKind.MAILBOX, door=Door.VXP)
        for n in range(3)
    ]
    by_amqp = case("D7")
    await commit(ledger, *(one.change for one in (*made, by_amqp)))
    last = made[2].deliveries[0].id
    await commit(
        ledger,
        Change(
            updates=(DeliveryUpdate(last, DeliveryState.HANDED_OVER, "03", "why"),),
            mailbox=(MailboxMark(last, ItemState.DONE, NOW + HOUR),),
        ),
    )
    sent = await ledger.mailboxes.sent([SENDER], limit=3)
    assert [(one.document_id, one.recipient) for one in sent] == [
        ("D2", INBOX), ("D2", OTHER), ("D1", INBOX),
    ]  # fmt: skip
    first = sent[0]
    assert (first.state, first.status, first.reason) == (DeliveryState.HANDED_OVER, "03", "why")
    assert (first.title, first.notation) == ("Về việc quyết toán", "QĐ-STC")
    assert (first.sent_at, first.received_at) == (NOW, NOW + HOUR)
    assert sent[1].received_at is None
    key = made[0].record.facts.submission_id
    only = await ledger.mailboxes.sent([SENDER], submission_id=key)
    assert {one.submission_id for one in only} == {key}
    assert await ledger.mailboxes.sent([SENDER], "status") == []
    assert await ledger.mailboxes.sent([OTHER]) == []
    assert await ledger.mailboxes.sent([OTHER], submission_id=key) == []


async def test_the_summary_is_by_mailbox_and_state_with_the_oldest(ledger: Both) -> None:
    made = [placed("D1"), placed("D2"), placed("D3", OTHER)]
    await commit(ledger, *(one.change for one in made))
    await commit(ledger, mark(made[0], ItemState.FAIL))
    assert await ledger.mailboxes.summary() == [
        MailboxSummary(INBOX, ItemState.FAIL, 1, NOW),
        MailboxSummary(INBOX, ItemState.INITIAL, 1, NOW),
        MailboxSummary(OTHER, ItemState.INITIAL, 1, NOW),
    ]


@pytest.mark.parametrize("size", [1, 300_000, INLINE_LIMIT, INLINE_LIMIT + 1, 3 * INLINE_LIMIT])
async def test_a_payload_comes_whole_in_pieces_that_are_bounded(ledger: Both, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    await ledger.stage(digest_of(body), body)
    await commit(ledger, case(body=body, staged=size > INLINE_LIMIT).change)
    pieces = await ledger.mailboxes.pieces(digest_of(body))
    assert pieces is not None
    found = [piece async for piece in pieces]
    assert max(map(len, found)) <= 256 * 1024
    assert b"".join(found) == body
    assert await ledger.mailboxes.pieces(digest_of(b"another")) is None


# on SQLite


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(tmp_path / "ledger")
    yield opened
    await opened.close()


async def large(ledger: SqlLedger, folder: Path) -> tuple[str, Path]:
    body = b"<large/>" * INLINE_LIMIT
    digest = digest_of(body)
    await ledger.stage(digest, body)
    await commit(ledger, case(body=body, staged=True).change)
    name = digest.removeprefix("sha256:")
    return digest, folder / "ledger" / "payloads" / name[:2] / name[2:]


async def test_a_large_payload_that_changed_is_not_begun(sqlite: SqlLedger, tmp_path: Path) -> None:
    digest, file = await large(sqlite, tmp_path)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(IntegrityError, match="has changed"):
        await sqlite.mailboxes.pieces(digest)
    file.unlink()
    with pytest.raises(IntegrityError, match="not on disk"):
        await sqlite.mailboxes.pieces(digest)


async def test_one_that_changes_while_it_is_handed_out_does_not_end_well(
    sqlite: SqlLedger, tmp_path: Path
) -> None:
    digest, file = await large(sqlite, tmp_path)
    pieces = await sqlite.mailboxes.pieces(digest)
    assert pieces is not None
    await anext(pieces)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(IntegrityError, match="changed while"):
        _ = [piece async for piece in pieces]


async def test_listing_and_counting_read_what_waits_and_the_sent_list_what_it_shows(
    sqlite: SqlLedger, tmp_path: Path
) -> None:
    statements: dict[str, tuple[object, ...]] = {}

    def note(_c: object, _cursor: object, statement: str, parameters, *_: object) -> None:  # type: ignore[no-untyped-def]
        statements.setdefault(statement, tuple(parameters))

    event.listen(sqlite._reader._engine.sync_engine, "before_cursor_execute", note)
    box = sqlite.mailboxes
    await box.page([INBOX, OTHER])
    await box.page([INBOX], "document", since=NOW, until=NOW)
    await box.count([INBOX], "status")
    await box.count([INBOX, OTHER])
    await box.items(["x"])
    await box.numbered(1)
    await box.accepted(1)
    await box.number_of("x")
    await box.sent([SENDER, OTHER])
    await box.sent([SENDER], "document", submission_id="x")
    await box.summary()
    await box.listed()
    await box.listed(INBOX, [ItemState.FAIL])
    with closing(sqlite3.connect(tmp_path / "ledger" / "ledger.db")) as shell:
        plans = {
            statement: [step for *_, step in shell.execute(f"EXPLAIN QUERY PLAN {statement}", of)]
            for statement, of in statements.items()
            if statement.startswith("SELECT")
        }
    assert len(plans) > 10
    steps = {step for plan in plans.values() for step in plan}
    waiting = "COVERING INDEX mailbox_waiting"
    assert not {s for s in steps if s.startswith("SCAN") and waiting not in s}
    of_lists = [
        p
        for s, p in plans.items()
        if s.startswith(("SELECT count", "SELECT mailbox.id, mailbox.state \n"))
    ]
    assert of_lists
    assert all(any(waiting in step for step in plan) for plan in of_lists)
    sent = [plan for s, plan in plans.items() if s.startswith("SELECT submission.id \n")]
    assert all("submission_at_a_door" in plan[0] or "sqlite_autoindex" in plan[0] for plan in sent)
    assert not any("TEMP B-TREE" in step for plan in sent for step in plan)


async def test_an_upgrade_puts_what_was_placed_into_its_mailbox(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    made = {state: placed(f"D-{state}") for state in ("sent", "handed-over", "withdrawn")}
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "axisd.adapters.ledger:migrations")
        config.set_main_option("path_separator", "newline")
        command.upgrade(config, "0006")
        for position, (state, one) in enumerate(made.items(), 1):
            facts = one.record.facts
            rows = {
                "submission": codec.submission_columns(one.record),
                "payload": {"digest": facts.digest, "size": facts.size, "body": one.body},
                "delivery": codec.delivery_columns(one.delivery) | {"state": state},
                "entry": {
                    "position": position, "id": one.acceptance.id, "event": "SubmissionAcceptance",
                    "at": 0, "submission_id": facts.submission_id, "content": "", "hash": "",
                },
            }  # fmt: skip
            for table, row in rows.items():
                # Later versions have more columns; an old ledger is filled as its own version was.
                info = connection.exec_driver_sql(f"PRAGMA table_info({table})")
                known = [name for _, name, *_ in info if name in row]
                names, values = ", ".join(known), ", ".join(f":{name}" for name in known)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        local = case("D-local")
        assert local.delivery.route is RouteKind.LOCAL
    engine.dispose()
    with pytest.raises(IntegrityError):  # the entries are made up, and the tail is verified
        await open_ledger(folder)
    with closing(sqlite3.connect(folder / "ledger.db")) as shell:
        found = shell.execute("SELECT id, inbox, kind, number, state FROM mailbox ORDER BY number")
        assert found.fetchall() == [
            (made["sent"].delivery.id, INBOX, "document", 1, "initial"),
            (made["handed-over"].delivery.id, INBOX, "document", 2, "initial"),
            (made["withdrawn"].delivery.id, INBOX, "document", 3, "withdrawn"),
        ]


def test_a_page_fits_one_statement() -> None:
    assert PAGE <= 500, "as the eDoc interface bounds it"
