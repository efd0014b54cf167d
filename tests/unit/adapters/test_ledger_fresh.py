"""What was just written leaves without being read back, and never as something that it no longer is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.ledger.fresh import Fresh
from axisd.core.evidence import Head
from axisd.core.lifecycle import DeliveryState
from axisd.core.records import Change, Deferral, DeliveryUpdate, Records
from axisd.errors import IntegrityError
from tests.support.ledger import NOW, RECIPIENTS, Case, case, commit, receipt_row, seal


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(tmp_path / "ledger")
    yield opened
    await opened.close()


@pytest.fixture
def reads(ledger: SqlLedger) -> list[str]:
    """Statements of the reading connection, as they come."""
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(ledger._reader._engine.sync_engine, "before_cursor_execute", note)
    return statements


def records(*cases: Case) -> Records:
    """A group as it is written."""
    sealed = seal([one.acceptance for one in cases], Head())
    return Records(tuple(one.change for one in cases), *sealed)


def ids(*cases: Case) -> list[str]:
    return [row.id for one in cases for row in one.change.outbox]


async def undone(ledger: SqlLedger, written: Records) -> None:
    """Writes it and fails before the commit."""
    with contextlib.suppress(RuntimeError):
        async with ledger.transaction() as transaction:
            await transaction.write(written)
            raise RuntimeError


async def test_what_was_just_written_is_not_read_back_but_once_it_was_handed_out_it_is(
    ledger: SqlLedger, reads: list[str]
) -> None:
    one = case(recipients=RECIPIENTS)
    await commit(ledger, one.change)
    at_hand = await ledger.parcels(ids(one))
    assert reads == []
    assert await ledger.parcels(ids(one)) == at_hand
    assert reads


async def test_what_is_at_hand_and_what_is_not_come_in_one_order(ledger: SqlLedger) -> None:
    first, second = case("D1"), case("D2")
    await commit(ledger, first.change, second.change)
    await ledger.parcels(ids(first))
    found = await ledger.parcels(ids(second, first))
    assert [parcel.row.id for parcel in found] == sorted(ids(first, second))


async def test_a_later_receipt_of_a_submission_is_at_hand_too(
    ledger: SqlLedger, reads: list[str]
) -> None:
    one = case()
    await commit(ledger, one.change)
    later = replace(one.acceptance, id=one.acceptance.id + "-later")
    await commit(ledger, Change(evidence=(later,), outbox=(receipt_row(later),)))
    (parcel,) = await ledger.parcels([later.id])
    assert reads == []
    assert parcel.facts == one.record.facts


@pytest.mark.parametrize("what", ["done", "held", "put off", "moved"])
async def test_what_a_later_change_touches_is_read(ledger: SqlLedger, what: str) -> None:
    one = case()
    key = one.delivery.id
    change = {
        "done": Change(done=(key,)),
        "held": Change(deferrals=(Deferral(key, NOW, 1, "", held=True),)),
        "put off": Change(deferrals=(Deferral(key, NOW, 7, "later"),)),
        "moved": Change(updates=(DeliveryUpdate(key, DeliveryState.DEFERRED, "", "later"),)),
    }[what]
    await commit(ledger, one.change)
    await commit(ledger, change)
    found = await ledger.parcels([key])
    if what in {"done", "held"}:
        assert found == []
    elif what == "put off":
        assert found[0].row.attempts == 7
    else:
        assert found[0].delivery is not None
        assert found[0].delivery.state is DeliveryState.DEFERRED


async def test_nothing_is_at_hand_that_did_not_become_durable(ledger: SqlLedger) -> None:
    one = case()
    await undone(ledger, records(one))
    assert await ledger.parcels(ids(one)) == []


async def test_a_change_that_was_undone_leaves_what_it_touched_as_it_was(ledger: SqlLedger) -> None:
    one = case()
    await commit(ledger, one.change)
    await undone(ledger, Records((Change(done=tuple(ids(one))),), (), ()))
    assert len(await ledger.parcels(ids(one))) == 2


async def test_a_body_at_hand_is_checked_like_one_that_was_read(ledger: SqlLedger) -> None:
    one = case(body=b"as sent")
    assert one.change.payload is not None
    forged = replace(one.change.payload, body=b"altered")
    await commit(ledger, replace(one.change, payload=forged))
    with pytest.raises(IntegrityError, match="changed"):
        await ledger.parcels([one.delivery.id])


def test_the_oldest_go_when_there_is_no_more_room() -> None:
    cases = [case(f"D{n}", body=bytes(1000)) for n in range(20)]
    fresh = Fresh(size=5_000)
    for one in cases:
        fresh.keep(Records((one.change,), (), ()))
    assert [one.delivery.id in fresh.take(ids(one)) for one in cases] == [False] * 15 + [True] * 5
    fresh.keep(records(*cases[:1]))
    assert fresh.take(ids(cases[0])).keys() == set(ids(cases[0]))


def test_the_facts_of_long_ago_are_forgotten() -> None:
    cases = [case(f"D{n}") for n in range(600)]
    fresh = Fresh()
    for one in cases:
        fresh.keep(Records((replace(one.change, outbox=()),), (), ()))
    later = [replace(one.acceptance, id=f"{one.acceptance.id}-later") for one in cases]
    for item in later:
        _, sealed = seal([item], Head())
        change = Change(evidence=(item,), outbox=(receipt_row(item),))
        fresh.keep(Records((change,), (), sealed))
    taken = fresh.take(item.id for item in later)
    assert list(taken) == [item.id for item in later[-512:]]
