"""What deliveries, receipts and the outbox contradict each other in is found, and nothing is scanned for it."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.ledger.reconciliation import CONTRADICTIONS
from axisd.adapters.ledger.tables import STILL_OPEN
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.mailbox import ItemState, MailboxMark
from axisd.core.records import Change, Deferral, DeliveryUpdate, RouteKind
from tests.support.ledger import NOW, case, commit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest_asyncio.fixture
async def ledger(folder: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(folder)
    yield opened
    await opened.close()


def tamper(folder: Path, statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as shell, shell:
        assert shell.execute(statement, values).rowcount == 1


def test_the_condition_of_the_index_is_what_the_lifecycle_calls_open() -> None:
    listed = STILL_OPEN.removeprefix("state IN (").removesuffix(")").split(", ")
    assert {DeliveryState(state.strip("'")) for state in listed} == OPEN


async def test_every_way_that_a_delivery_goes_agrees_with_the_outbox(ledger: SqlLedger) -> None:
    assert await ledger.contradictions(10) == []
    one, two, three = (case(f"D{n}") for n in range(3))
    await commit(ledger, *(made.change for made in (one, two, three)))
    assert await ledger.contradictions(10) == []
    sent, held, waiting = one.delivery, two.delivery, three.delivery
    await commit(
        ledger,
        Change(updates=(DeliveryUpdate(sent.id, DeliveryState.SENT, "", ""),), done=(sent.id,)),
        Change(
            updates=(DeliveryUpdate(held.id, DeliveryState.HELD, "", ""),),
            deferrals=(Deferral(held.id, NOW, 0, "", held=True),),
        ),
        # The recipient's status overtook the mark of the confirm: the row ends by itself.
        Change(updates=(DeliveryUpdate(waiting.id, DeliveryState.HANDED_OVER, "03", ""),)),
    )
    assert await ledger.contradictions(10) == []


@pytest.mark.parametrize("state", sorted(OPEN))
async def test_a_delivery_that_nothing_sends_is_found(
    ledger: SqlLedger, folder: Path, state: DeliveryState
) -> None:
    made = case()
    await commit(ledger, made.change)
    key = made.delivery.id
    tamper(folder, "UPDATE delivery SET state = ? WHERE id = ?", state, key)
    tamper(folder, "DELETE FROM outbox WHERE id = ?", key)
    (told,) = await ledger.contradictions(10)
    assert told == f"delivery {key} has to leave, and nothing in the outbox sends it"


@pytest.mark.parametrize("kind", ["delivery", "receipt"])
async def test_a_row_that_sends_nothing_is_found(
    ledger: SqlLedger, folder: Path, kind: str
) -> None:
    made = case()
    await commit(ledger, made.change)
    key = made.delivery.id if kind == "delivery" else made.acceptance.id
    tamper(folder, "UPDATE outbox SET id = ? WHERE id = ?", "nobody", key)
    told = await ledger.contradictions(10)
    assert f"the outbox sends nobody, which is no {kind}" in told


async def test_every_way_of_an_item_agrees_with_its_delivery(ledger: SqlLedger) -> None:
    made = [case(f"D{n}", route=RouteKind.MAILBOX) for n in range(5)]
    await commit(ledger, *(one.change for one in made))
    assert await ledger.contradictions(10) == []
    moves = (
        (ItemState.PROCESSING, DeliveryState.SENT),
        (ItemState.FAIL, DeliveryState.SENT),
        (ItemState.DONE, DeliveryState.HANDED_OVER),
        (ItemState.WITHDRAWN, DeliveryState.WITHDRAWN),
        (ItemState.PROCESSING, DeliveryState.REJECTED),
    )
    await commit(
        ledger,
        *(
            Change(
                updates=(DeliveryUpdate(one.delivery.id, state, "", ""),),
                mailbox=(MailboxMark(one.delivery.id, item, NOW),),
            )
            for one, (item, state) in zip(made, moves, strict=True)
        ),
    )
    assert await ledger.contradictions(10) == []


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM mailbox WHERE id = ?", "UPDATE mailbox SET state = 'withdrawn' WHERE id = ?",
     "UPDATE mailbox SET state = 'done' WHERE id = ?"],
)  # fmt: skip
async def test_a_delivery_that_no_mailbox_shows_is_found(
    ledger: SqlLedger, folder: Path, statement: str
) -> None:
    made = case(route=RouteKind.MAILBOX)
    await commit(ledger, made.change)
    tamper(folder, statement, made.delivery.id)
    (told,) = await ledger.contradictions(10)
    assert told == f"delivery {made.delivery.id} lies in a mailbox, and no item shows it there"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM delivery WHERE id = ?", "UPDATE delivery SET route = 'local' WHERE id = ?",
     "UPDATE delivery SET state = 'withdrawn' WHERE id = ?"],
)  # fmt: skip
async def test_an_item_that_waits_for_no_such_delivery_is_found(
    ledger: SqlLedger, folder: Path, statement: str
) -> None:
    made = case(route=RouteKind.MAILBOX)
    await commit(ledger, made.change)
    tamper(folder, statement, made.delivery.id)
    (told,) = await ledger.contradictions(10)
    assert told == f"the item {made.delivery.id} waits in a mailbox, and its delivery does not"


async def test_no_more_are_told_than_were_asked_for(ledger: SqlLedger, folder: Path) -> None:
    cases = [case(f"D{n}") for n in range(4)]
    await commit(ledger, *(made.change for made in cases))
    for made in cases:
        tamper(folder, "DELETE FROM outbox WHERE id = ?", made.delivery.id)
    assert len(await ledger.contradictions(3)) == 3


async def test_only_what_waits_is_looked_through(ledger: SqlLedger, folder: Path) -> None:
    await commit(ledger, case().change)
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as shell:
        for _, statement in CONTRADICTIONS:
            plan = [step for *_, step in shell.execute(f"EXPLAIN QUERY PLAN {statement}")]
            (scan,) = [step for step in plan if step.startswith("SCAN")]
            short = (
                "SCAN outbox",
                "delivery_still_open",
                "delivery_in_a_mailbox",
                "mailbox_waiting",
            )
            assert any(name in scan for name in short)
