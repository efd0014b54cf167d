"""The mailbox of an account, over the ledger in memory: what it sees, what it gets, and whose it never is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.case import prepare
from axisd.core.directory import Channel
from axisd.core.envelope import Envelope
from axisd.core.inspection import Inspection
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import PAGE, ItemState, MailboxItem
from axisd.core.records import Change, Known, Questions
from axisd.core.settlement import questions, settle
from axisd.core.submission import Door
from axisd.core.view import View
from axisd.errors import IntegrityError
from axisd.service.commit import GroupCommit
from axisd.service.mailbox import Fetched, Mailbox
from tests.support.life_vectors import recall
from tests.support.values import (
    CLOSED,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    OFFICE,
    agency,
    directory,
    document,
    inspected,
    seal,
    status,
    system,
    view,
)
from tests.support.virtual import Inline, LoopClock, virtually

T = TypeVar("T")
PARTY = "000.00.40.H53"
"""Behind the eDoc door, for itself and for CULTURE."""
CULTURE = "000.00.41.H53"
MERGED = "000.00.42.H53"
"""Closed; CULTURE takes its place."""
STRANGER = "000.00.43.H53"
I = ItemState  # noqa: E741 - short in tables


def province(**changes: Any) -> View:
    agencies = (
        agency(FINANCE, twin="H53.11"),
        agency(HEALTH),
        agency(OFFICE),
        agency(DOOR),
        agency(PARTY),
        agency(CULTURE),
        agency(STRANGER),
        agency(MERGED, valid_to=date(2025, 7, 1), successor=CULTURE),
        agency(CLOSED, valid_to=date(2025, 7, 1), successor=FINANCE),
    )
    systems = (
        system("finance", FINANCE),
        system("health", HEALTH),
        system("office", OFFICE),
        system("door", DOOR, channel=Channel.VXP),
        system("hub", PARTY, CULTURE, channel=Channel.EDOC),
        system("stranger", STRANGER, channel=Channel.VXP),
    )
    return view(**({"directory": directory(agencies, systems)} | changes))


class Axis:
    def __init__(self) -> None:
        self.view = province()
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.mailbox = Mailbox(
            lambda: self.view, self.ledger.mailboxes, self.commits, self.clock, self.telemetry
        )

    async def settle(self, made: Envelope | Inspection, **changes: Any) -> str:
        """The submission's id."""
        inspection = made if isinstance(made, Inspection) else inspected(made, **changes)
        case = prepare(inspection, self.view)

        def decision(known: Known) -> Change:
            mint, now = self.clock.new_id, self.clock.now()
            return settle(case, known, self.view, mint=mint, now=now)

        change = await self.commits.decide(questions(case, self.view), decision)
        assert change.submission is not None
        return change.submission.facts.submission_id

    async def one(self, account: str) -> MailboxItem:
        (item,) = await self.mailbox.waiting(account)
        return item

    async def delivery(self, key: str) -> tuple[DeliveryState, str]:
        async with self.ledger.transaction() as transaction:
            known = await transaction.known(Questions(deliveries=frozenset({key})))
        found = known.deliveries[key].delivery
        return found.state, found.reason


def axis(work: Callable[[Axis], Awaitable[T]]) -> T:
    async def run() -> T:
        made = Axis()
        committing = asyncio.create_task(made.commits.run())
        try:
            return await work(made)
        finally:
            committing.cancel()
            await asyncio.wait([committing])

    return virtually(run())


async def read(fetched: Fetched | None) -> bytes:
    assert fetched is not None
    return b"".join([piece async for piece in fetched.pieces])


# listing and counting


def test_the_count_is_what_the_list_names_and_each_kind_has_its_own() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR))
        await made.settle(document(HEALTH, sender=DOOR, document_id="D2"), account="door")
        answer = status("01", sender=HEALTH, about=DOOR, document_id="D2")
        await made.settle(answer, account="health")
        for kind, expected in (("document", 1), ("status", 1), ("", 2)):
            listed = await made.mailbox.waiting("door", kind)
            assert len(listed) == expected == await made.mailbox.count("door", kind)
            assert {item.kind for item in listed} <= {kind or item.kind for item in listed}

    axis(work)


def test_an_item_tells_who_sent_what_to_whom_and_carries_the_number_of_its_message() -> None:
    async def work(made: Axis) -> None:
        key = await made.settle(document(DOOR, PARTY, CULTURE))
        item = await made.one("door")
        assert (item.submission_id, item.sender, item.recipient) == (key, FINANCE, DOOR)
        assert (item.state, item.inbox, item.kind) == (I.INITIAL, DOOR, "document")
        hub = await made.mailbox.waiting("hub")
        assert {i.inbox for i in hub} == {PARTY, CULTURE}
        assert {i.number for i in (item, *hub)} == {await made.mailbox.number_of(key)}
        assert [i.id for i in await made.mailbox.numbered("hub", item.number)] == [
            i.id for i in hub
        ]

    axis(work)


def test_a_page_is_bounded_and_the_count_is_not() -> None:
    async def work(made: Axis) -> None:
        for number in range(5):
            await made.settle(document(DOOR, document_id=f"D{number}"))
        assert len(await made.mailbox.waiting("door", limit=3)) == 3
        assert await made.mailbox.count("door") == 5
        assert await made.mailbox.waiting("door", limit=0) == []
        assert len(await made.mailbox.waiting("door", limit=PAGE * 10)) == 5

    axis(work)


def test_dates_bound_when_items_came_in() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR, document_id="D1"))
        await asyncio.sleep(3600)
        noon = made.clock.now()
        await made.settle(document(DOOR, document_id="D2"))
        since = await made.mailbox.waiting("door", since=noon)
        until = await made.mailbox.waiting("door", until=noon)
        assert [i.document_id for i in (*until, *since)] == ["D1", "D2"]

    axis(work)


def test_what_is_done_leaves_the_list_and_what_failed_stays_as_the_last() -> None:
    async def work(made: Axis) -> None:
        for number in range(3):
            await made.settle(document(DOOR, document_id=f"D{number}"))
        first, second, third = await made.mailbox.waiting("door")
        await made.mailbox.mark("door", [first.id], I.FAIL, "không đọc được")
        await made.mailbox.mark("door", [second.id], I.DONE)
        listed = await made.mailbox.waiting("door")
        assert [(i.id, i.state, i.cause) for i in listed] == [
            (third.id, I.INITIAL, ""),
            (first.id, I.FAIL, "không đọc được"),
        ]
        assert await made.mailbox.count("door") == 2

    axis(work)


# fetching


def test_the_bytes_are_those_handed_in_any_number_of_times_before_and_after_done() -> None:
    async def work(made: Axis) -> None:
        inspection = inspected(document(DOOR))
        await made.settle(inspection)
        item = await made.one("door")
        for _ in range(2):
            fetched = await made.mailbox.fetch("door", item.id)
            assert fetched is not None
            assert (fetched.kind, fetched.size) == ("document", len(inspection.submission.body))
            assert await read(fetched) == inspection.submission.body
            await made.mailbox.mark("door", [item.id], I.DONE)

    axis(work)


def test_the_first_fetch_is_durable_before_a_byte_is_handed_out_and_written_once() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR))
        item = await made.one("door")
        before = len(made.telemetry.commits)
        await made.mailbox.fetch("door", item.id)  # nobody reads its pieces
        assert (await made.one("door")).state is I.PROCESSING
        assert await read(await made.mailbox.fetch("door", item.id))
        assert len(made.telemetry.commits) == before + 1
        assert made.telemetry.marks == [(I.PROCESSING, "document", 1)]

    axis(work)


def test_a_recall_after_a_fetch_asks_back_and_before_it_withdraws() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR, PARTY))
        item, other = await made.one("door"), await made.one("hub")
        await made.mailbox.fetch("door", item.id)
        await made.settle(recall(DOOR, PARTY))
        assert (await made.delivery(item.id))[0] is DeliveryState.SENT
        assert (await made.delivery(other.id))[0] is DeliveryState.WITHDRAWN
        assert [i.business for i in await made.mailbox.waiting("hub")] == ["recall"]
        assert await made.mailbox.fetch("hub", other.id) is None
        assert await made.mailbox.mark("hub", [other.id], I.DONE) == []
        assert (await made.delivery(other.id))[0] is DeliveryState.WITHDRAWN

    axis(work)


def test_a_recall_and_a_fetch_at_one_moment_never_both_win() -> None:
    async def work(made: Axis) -> None:
        for number in range(20):
            await made.settle(document(DOOR, document_id=f"D{number}"))
        items = {item.document_id: item for item in await made.mailbox.waiting("door")}

        outcomes = set()

        async def fetch(item: MailboxItem) -> bool:
            return await made.mailbox.fetch("door", item.id) is not None

        for number, item in enumerate(items.values()):
            fetching = asyncio.ensure_future(fetch(item))
            for _ in range(number):  # the recall comes in a little later each time
                await asyncio.sleep(0)
            await made.settle(recall(DOOR, document_id=item.document_id))
            got = await fetching
            state, _ = await made.delivery(item.id)
            assert got is (state is not DeliveryState.WITHDRAWN)
            outcomes.add(got)
        assert outcomes == {True, False}, "either may come first"

    axis(work)


def test_a_number_fetches_for_all_members_of_a_hub() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(PARTY, CULTURE))
        number = (await made.mailbox.waiting("hub"))[0].number
        assert await read(await made.mailbox.fetch_numbered("hub", number))
        assert {i.state for i in await made.mailbox.waiting("hub")} == {I.PROCESSING}

    axis(work)


def test_a_sender_can_fetch_what_it_handed_in_and_that_marks_nothing() -> None:
    async def work(made: Axis) -> None:
        inspection = inspected(document(PARTY, sender=DOOR), account="door", door=Door.VXP)
        key = await made.settle(inspection)
        number = await made.mailbox.number_of(key)
        assert number is not None
        assert await read(await made.mailbox.fetch("door", key)) == inspection.submission.body
        by_number = await made.mailbox.fetch_numbered("door", number)
        assert await read(by_number) == inspection.submission.body
        assert (await made.one("hub")).state is I.INITIAL

    axis(work)


def test_a_payload_that_has_changed_is_our_failure_and_leaves_the_item_as_it_was() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR))
        item = await made.one("door")
        made.ledger._contents.payloads[item.digest] = b"<edXML>forged</edXML>"
        with pytest.raises(IntegrityError):
            await made.mailbox.fetch("door", item.id)
        assert (await made.one("door")).state is I.INITIAL

    axis(work)


# marking


def test_marking_many_is_one_transaction() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(PARTY, CULTURE))
        items = await made.mailbox.waiting("hub")
        before = len(made.telemetry.commits)
        done = await made.mailbox.mark("hub", [item.id for item in items], I.DONE)
        assert [item.state for item in done] == [I.DONE, I.DONE]
        assert len(made.telemetry.commits) == before + 1
        assert made.telemetry.marks == [(I.DONE, "document", 2)]
        states = [(await made.delivery(item.id))[0] for item in items]
        assert states == [DeliveryState.HANDED_OVER] * 2

    axis(work)


def test_what_was_fetched_and_given_back_is_still_answered_and_nothing_is_changed() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR))
        item = await made.one("door")
        await made.mailbox.fetch("door", item.id)
        await made.settle(recall(DOOR))
        await made.settle(status("15", sender=DOOR), account="door")
        (again,) = await made.mailbox.mark("door", [item.id], I.DONE)
        assert again.state is I.WITHDRAWN
        assert await made.delivery(item.id) == (DeliveryState.RECALLED, "recall-agreed")
        assert await made.mailbox.fetch("door", item.id) is None
        assert item.id not in {one.id for one in await made.mailbox.waiting("door")}

    axis(work)


# whose it is


@pytest.mark.parametrize("account", ["stranger", "hub", "finance", "nobody", ""])
def test_nobody_else_sees_fetches_or_marks_an_item_or_learns_that_it_is_there(account: str) -> None:
    async def work(made: Axis) -> None:
        key = await made.settle(document(DOOR, sender=OFFICE), account="office")
        item = await made.one("door")
        box = made.mailbox
        assert await box.waiting(account) == []
        assert await box.count(account) == 0
        assert await box.mark(account, [item.id], I.DONE) == []
        for known, unknown in ((item.id, "no such id"), (key, "no such submission")):
            assert await box.items(account, known) == await box.items(account, unknown) == []
            assert await box.fetch(account, known) is await box.fetch(account, unknown) is None
        assert await box.numbered(account, item.number) == await box.numbered(account, 99_999)
        assert await box.fetch_numbered(account, item.number) is None
        assert (await made.one("door")).state is I.INITIAL

    axis(work)


def test_an_account_speaks_for_twins_and_for_closed_agencies_it_took_the_place_of() -> None:
    async def work(made: Axis) -> None:
        made.view = province(
            directory=directory(
                (agency(FINANCE), agency(MERGED), agency(CULTURE)),
                (
                    system("finance", FINANCE),
                    system("old", MERGED, channel=Channel.VXP),
                    system("hub", CULTURE, channel=Channel.EDOC),
                ),
            )
        )
        await made.settle(document(MERGED))
        assert await made.mailbox.count("old") == 1
        made.view = province()  # MERGED closed, its system gone
        item = await made.one("hub")
        assert item.inbox == MERGED
        assert await read(await made.mailbox.fetch("hub", item.id))
        made.view = province(
            directory=directory(
                (agency(FINANCE), agency("H53.42", twin=MERGED)),
                (system("finance", FINANCE), system("new", "H53.42", channel=Channel.VXP)),
            )
        )
        assert await made.mailbox.count("new") == 1, "by the other code of the same organ"

    axis(work)


def test_a_closed_agency_that_keeps_its_system_is_not_read_by_its_successor() -> None:
    async def work(made: Axis) -> None:
        closed = agency(MERGED, valid_to=date(2026, 1, 6), successor=CULTURE)
        made.view = province(
            directory=directory(
                (agency(FINANCE), closed, agency(CULTURE)),
                (
                    system("finance", FINANCE),
                    system("old", MERGED, channel=Channel.VXP),
                    system("hub", CULTURE, channel=Channel.EDOC),
                ),
            )
        )
        await made.settle(document(MERGED))
        await asyncio.sleep(timedelta(days=7).total_seconds())
        assert await made.mailbox.count("hub") == 0
        assert await made.mailbox.count("old") == 1

    axis(work)


# what was sent


def test_the_sent_list_tells_what_became_of_each_recipient() -> None:
    async def work(made: Axis) -> None:
        key = await made.settle(document(HEALTH, PARTY, sender=DOOR), account="door", door=Door.VXP)
        item = await made.one("hub")
        await made.mailbox.mark("hub", [item.id], I.FAIL, "đầy đĩa")
        sent = {one.recipient: one for one in await made.mailbox.sent("door")}
        assert sent.keys() == {HEALTH, PARTY}
        party = sent[PARTY]
        assert (party.submission_id, party.delivery_id, party.sender) == (key, item.id, DOOR)
        assert (party.state, party.reason) == (DeliveryState.SENT, "handover-failed")
        assert party.received_at is None
        at = made.clock.now()
        await made.mailbox.mark("hub", [item.id], I.DONE)
        (party,) = [one for one in await made.mailbox.sent("door") if one.recipient == PARTY]
        assert (party.state, party.received_at) == (DeliveryState.HANDED_OVER, at)

    axis(work)


def test_the_sent_list_is_the_accounts_own_newest_first_bounded_and_by_submission() -> None:
    async def work(made: Axis) -> None:
        keys = [
            await made.settle(
                document(HEALTH, PARTY, sender=DOOR, document_id=f"D{n}"),
                account="door",
                door=Door.VXP,
            )
            for n in range(3)
        ]
        listed = await made.mailbox.sent("door", limit=3)
        assert [one.submission_id for one in listed] == [keys[2], keys[2], keys[1]]
        one = await made.mailbox.sent("door", submission_id=keys[0])
        assert {item.submission_id for item in one} == {keys[0]}
        assert await made.mailbox.sent("door", "status") == []
        assert await made.mailbox.sent("hub") == []
        assert await made.mailbox.sent("hub", submission_id=keys[0]) == []
        assert await made.mailbox.sent("nobody") == []

    axis(work)


def test_what_came_over_the_national_axis_in_a_local_name_is_not_sent_by_that_account() -> None:
    async def work(made: Axis) -> None:
        posed = inspected(document(PARTY, sender=DOOR), account=None, door=Door.NATIONAL)
        key = await made.settle(posed)
        assert await made.mailbox.sent("door") == []
        assert await made.mailbox.fetch("door", key) is None

    axis(work)


def test_a_ministrys_document_lies_in_the_mailbox_like_any_other() -> None:
    async def work(made: Axis) -> None:
        await made.settle(document(DOOR, sender=MINISTRY), account=None, door=Door.NATIONAL)
        item = await made.one("door")
        assert (item.sender, item.number) == (
            MINISTRY,
            await made.mailbox.number_of(item.submission_id),
        )
        assert await read(await made.mailbox.fetch("door", item.id))
        await made.mailbox.mark("door", [item.id], I.DONE)
        assert await made.mailbox.count("door") == 0

    axis(work)
