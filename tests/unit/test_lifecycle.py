"""The one table of states: closed, reachable, and what the ledger's columns hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import Connection

from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.core.envelope import STATUS_CODES
from axisd.core.lifecycle import (
    OPEN,
    TRANSITIONS,
    DeliveryEvent,
    DeliveryState,
    SubmissionState,
    after,
    furthest,
)
from axisd.errors import IntegrityError
from tests.support.ledger import case, commit

FIRST = {DeliveryState.QUEUED, DeliveryState.SENT}
"""Where deliveries begin: in the outbox, or already placed (a mailbox is the ledger itself)."""


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(tmp_path / "ledger")
    await commit(opened, case().change)
    yield opened
    await opened.close()


async def put(ledger: SqlLedger, table: str, state: str) -> None:
    def update(connection: Connection) -> None:
        connection.exec_driver_sql(f"UPDATE {table} SET state = ?", (state,))

    try:
        await ledger._writer.run(update)
    finally:
        await ledger._writer.rollback()


@pytest.mark.parametrize(
    ("table", "states"), [("delivery", DeliveryState), ("submission", SubmissionState)]
)
async def test_the_ledger_holds_every_state_and_no_other(
    ledger: SqlLedger, table: str, states: type[StrEnum]
) -> None:
    for state in states:
        await put(ledger, table, state)
    for stranger in ("", "lost", next(iter(states)).upper(), f"{next(iter(states))} "):
        with pytest.raises(IntegrityError, match="CHECK"):
            await put(ledger, table, stranger)


def test_every_state_can_be_reached() -> None:
    reached = set(FIRST)
    while True:
        further = {after(state, event) for state in reached for event in DeliveryEvent} - reached
        if not further:
            break
        reached |= further
    assert reached == set(DeliveryState)


def test_every_event_moves_something() -> None:
    assert {event for _, event in TRANSITIONS} == set(DeliveryEvent)


def test_every_open_state_has_a_way_to_the_recipient_and_a_way_to_the_end() -> None:
    for state in OPEN:
        ways = {event: to for (source, event), to in TRANSITIONS.items() if source is state}
        assert ways[DeliveryEvent.OUTLIVED] is DeliveryState.EXPIRED
        assert ways[DeliveryEvent.WITHDRAWN] is DeliveryState.WITHDRAWN
        assert DeliveryState.SENT in {after(state, DeliveryEvent.CONFIRMED)} | {
            after(to, DeliveryEvent.CONFIRMED) for to in ways.values()
        }


@pytest.mark.parametrize("state", [DeliveryState.EXPIRED, DeliveryState.RECALLED])
def test_an_end_is_an_end(state: DeliveryState) -> None:
    assert all(after(state, event) is state for event in DeliveryEvent)


def test_what_was_withdrawn_moves_only_by_the_truth_about_the_copy() -> None:
    moves = {event: after(DeliveryState.WITHDRAWN, event) for event in DeliveryEvent}
    assert {event for event, to in moves.items() if to is not DeliveryState.WITHDRAWN} == {
        DeliveryEvent.CONFIRMED,
        DeliveryEvent.TAKEN,
        DeliveryEvent.TURNED_DOWN,
        DeliveryEvent.RECALLED,
    }


def test_what_its_recipient_refused_can_still_be_agreed_to_be_recalled() -> None:
    moves = {event: after(DeliveryState.REJECTED, event) for event in DeliveryEvent}
    assert {event for event, to in moves.items() if to is not DeliveryState.REJECTED} == {
        DeliveryEvent.RECALLED
    }


def test_what_the_table_does_not_know_changes_nothing() -> None:
    for state in DeliveryState:
        for event in DeliveryEvent:
            if (state, event) not in TRANSITIONS:
                assert after(state, event) is state


def test_nothing_that_has_left_comes_back_to_the_outbox() -> None:
    for (state, _), to in TRANSITIONS.items():
        if state not in OPEN:
            assert to not in OPEN


def test_the_furthest_status_does_not_depend_on_the_order_of_arrival() -> None:
    for one in ("", *STATUS_CODES):
        for other in ("", *STATUS_CODES):
            assert furthest(one, other) in {one, other}
            if "13" not in {one, other}:
                assert furthest(furthest("", one), other) == furthest(furthest("", other), one)
