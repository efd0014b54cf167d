"""What every ledger does: one suite, run against the one in memory and the one on SQLite."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from axisd.adapters.ledger import SqlLedger, open_ledger
from axisd.adapters.memory import MemoryLedger
from axisd.core.audit import digest_of
from axisd.core.evidence import Evidence, Head, own_facts
from axisd.core.history import Awaited, Link, LinkKind, Recall, RecallOutcome, Watch
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import (
    INLINE_LIMIT,
    Change,
    Deferral,
    Delivery,
    DeliveryUpdate,
    KnownDelivery,
    OutboxSummary,
    Payload,
    Questions,
    Records,
)
from axisd.core.submission import Door
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Ledger
from tests.support.ledger import (
    NOW,
    RECIPIENTS,
    SENDER,
    as_kept,
    case,
    commit,
    delivery_row,
    evidence,
    facts,
    receipt_row,
    seal,
)

Both = SqlLedger | MemoryLedger
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Both]:
    opened: Both = (
        MemoryLedger() if request.param == "memory" else await open_ledger(tmp_path / "ledger")
    )
    yield opened
    await opened.close()


async def known(ledger: Ledger, questions: Questions) -> dict[str, KnownDelivery]:
    async with ledger.transaction() as transaction:
        return (await transaction.known(questions)).deliveries


async def test_it_is_the_port(ledger: Both) -> None:
    port: Ledger = ledger
    assert await port.outbox_summary() == []


async def test_an_empty_ledger_knows_nothing(ledger: Both) -> None:
    async with ledger.transaction() as transaction:
        assert await transaction.head() == Head()
        answers = await transaction.known(Questions(deliveries=frozenset({"x"})))
    assert (answers.deliveries, answers.by_identity, answers.externals) == ({}, {}, {})
    assert (await ledger.timeline("x")).submissions == ()
    assert await ledger.receipt("x") is None
    assert await ledger.payload(digest_of(b"x")) is None
    assert await ledger.submission("x") is None
    assert [entry async for entry in ledger.entries()] == []
    assert set((await ledger.count()).values()) == {0}


async def test_what_is_written_is_read_back_without_loss(ledger: Both) -> None:
    one = case(recipients=RECIPIENTS)
    records = await commit(ledger, one.change)
    timeline = await ledger.timeline("D1")
    assert timeline.submissions == (one.record,)
    assert timeline.deliveries == one.deliveries
    assert timeline.entries == tuple(map(as_kept, records.entries))
    assert timeline.receipts == records.receipts
    assert await ledger.receipt(one.acceptance.id) == records.receipts[0]
    assert await ledger.payload(one.record.facts.digest) == one.body
    assert await ledger.submission(one.record.facts.submission_id) == one.record


async def test_an_exception_undoes_the_whole_transaction(ledger: Both) -> None:
    one = case()

    async def regretted() -> None:
        async with ledger.transaction() as transaction:
            await transaction.write(Records((one.change,), *seal([one.acceptance], Head())))
            raise RuntimeError("second thoughts")

    with pytest.raises(RuntimeError, match="second thoughts"):
        await regretted()
    assert set((await ledger.count()).values()) == {0}
    await commit(ledger, one.change)
    assert (await ledger.count())["entry"] == 1


async def test_a_cancelled_transaction_leaves_nothing_and_the_next_one_works(ledger: Both) -> None:
    one, written = case(), asyncio.Event()

    async def stuck() -> None:
        async with ledger.transaction() as transaction:
            await transaction.write(Records((one.change,), *seal([one.acceptance], Head())))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await commit(ledger, one.change)
    assert (await ledger.count())["submission"] == 1


@pytest.mark.parametrize("turns", range(6))
async def test_wherever_a_writer_is_cancelled_all_of_its_group_is_there_or_nothing(
    ledger: Both, turns: int
) -> None:
    task = asyncio.create_task(commit(ledger, case("cancelled").change))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await commit(ledger, case("next").change)
    counts = await ledger.count()
    assert counts["submission"] in {1, 2}
    assert counts["submission"] == counts["delivery"] == counts["entry"] == counts["receipt"]
    assert (await ledger.verify()).faults == ()


async def test_transactions_come_one_after_another(ledger: Both) -> None:
    await asyncio.gather(*(commit(ledger, case(f"D{n}").change) for n in range(10)))
    positions = [entry.position async for entry in ledger.entries()]
    assert positions == list(range(1, 11))


async def test_a_transaction_cannot_be_used_after_its_end(ledger: Both) -> None:
    async with ledger.transaction() as transaction:
        await transaction.head()
    with pytest.raises(IntegrityError, match="ended"):
        await transaction.write(Records((), (), ()))


async def test_all_four_kinds_of_question_are_answered(ledger: Both) -> None:
    first = case("D1", recipients=RECIPIENTS, external_id="N-1")
    second = case("D2")
    await commit(ledger, first.change, second.change)
    a, b, c = (
        KnownDelivery(one, first.record.facts, first.acceptance.id) for one in first.deliveries
    )
    d = KnownDelivery(second.delivery, second.record.facts, second.acceptance.id)

    by_identity = frozenset({a.delivery.identity, d.delivery.identity})
    assert await known(ledger, Questions(identities=by_identity)) == {
        a.delivery.id: a,
        d.delivery.id: d,
    }
    by_document = Questions(documents=frozenset({(SENDER, "D1"), (SENDER, "D9")}))
    assert await known(ledger, by_document) == {x.delivery.id: x for x in (a, b, c)}
    assert await known(ledger, Questions(deliveries=frozenset({b.delivery.id, "?"}))) == {
        b.delivery.id: b
    }
    async with ledger.transaction() as transaction:
        asked = frozenset({(Door.AMQP, "N-1"), (Door.NATIONAL, "N-1"), (Door.AMQP, "N-2")})
        answers = await transaction.known(Questions(externals=asked))
    assert answers.externals == {(Door.AMQP, "N-1"): first.record.facts.submission_id}


async def test_statuses_about_a_document_are_not_read_with_it(ledger: Both) -> None:
    """Anybody may send any number of them under one DocumentId; each would make the next one slower."""
    document = case("D1")
    status = case("D1")
    leg = status.delivery
    about = replace(leg, identity=replace(leg.identity, business="status/05/0123456789abcdef"))
    await commit(ledger, document.change, replace(status.change, deliveries=(about,)))
    asked = Questions(documents=frozenset({(SENDER, "D1")}))
    assert set(await known(ledger, asked)) == {document.delivery.id}
    asked = Questions(identities=frozenset({about.identity}))
    assert set(await known(ledger, asked)) == {about.id}


async def test_recalls_of_a_document_are_not_read_with_it(ledger: Both) -> None:
    document, recall = case("D1"), case("D1")
    leg = recall.delivery
    about = replace(leg, identity=replace(leg.identity, business="recall/0123456789abcdef"))
    await commit(ledger, document.change, replace(recall.change, deliveries=(about,)))
    for asked in (
        Questions(documents=frozenset({(SENDER, "D1")})),
        Questions(addressed=frozenset({(RECIPIENTS[0], "D1")})),
    ):
        assert set(await known(ledger, asked)) == {document.delivery.id}


async def test_of_a_document_only_what_was_ever_recalled_can_be_asked_for(ledger: Both) -> None:
    one, other = case("D1", recipients=RECIPIENTS), case("D2")
    asked = Questions(recalled=frozenset({(SENDER, "D1"), (SENDER, "D2")}))
    await commit(ledger, one.change, other.change)
    assert await known(ledger, asked) == {}
    recall = Recall(
        one.deliveries[1].id, one.record.facts.submission_id, NOW, RecallOutcome.REFUSED
    )
    await commit(ledger, Change(recalls=(recall,)))
    found = await known(ledger, asked)
    assert {key: item.recall for key, item in found.items()} == {one.deliveries[1].id: recall}


async def test_an_answer_is_about_its_own_pair_of_sender_and_document(ledger: Both) -> None:
    crossed = {
        (sender, document_id): case(document_id, sender=sender)
        for sender in ("H53.1", "H53.2")
        for document_id in ("D1", "D2")
    }
    await commit(ledger, *(one.change for one in crossed.values()))
    asked = frozenset({("H53.1", "D1"), ("H53.2", "D2")})
    wanted = {crossed[pair].delivery.id for pair in asked}
    assert set(await known(ledger, Questions(documents=asked))) == wanted
    identities = frozenset(crossed[pair].delivery.identity for pair in asked)
    assert set(await known(ledger, Questions(identities=identities))) == wanted


async def test_more_questions_than_fit_one_statement_are_answered(ledger: Both) -> None:
    one = case(recipients=[f"H53.{n}" for n in range(1200)])
    await commit(ledger, one.change)
    identities = frozenset(delivery.identity for delivery in one.deliveries)
    assert len(await known(ledger, Questions(identities=identities))) == 1200


async def test_a_transaction_sees_what_it_has_written(ledger: Both) -> None:
    one = case()
    async with ledger.transaction() as transaction:
        records = Records((one.change,), *seal([one.acceptance], await transaction.head()))
        await transaction.write(records)
        answers = await transaction.known(Questions(deliveries=frozenset({one.delivery.id})))
        head = await transaction.head()
    assert answers.of(one.delivery.identity) is not None
    assert head == Head(1, records.entries[0].hash)


async def test_a_submission_that_nobody_could_be_told_of_has_no_acceptance(ledger: Both) -> None:
    one = case()
    quiet = replace(one.acceptance, receipt_to=None)
    await commit(ledger, replace(one.change, evidence=(quiet,), outbox=()))
    found = await known(ledger, Questions(deliveries=frozenset({one.delivery.id})))
    assert found[one.delivery.id].acceptance is None


async def test_the_receipt_of_a_handover_is_not_taken_for_the_acceptance(ledger: Both) -> None:
    one = case()
    handover = evidence(one.record.facts, Event.CONTENT_HANDOVER, of=one.delivery)
    await commit(ledger, one.change, Change(evidence=(handover,)))
    found = await known(ledger, Questions(deliveries=frozenset({one.delivery.id})))
    assert found[one.delivery.id].acceptance == one.acceptance.id


async def test_of_what_failed_the_newest_receipt_that_says_so_is_known(ledger: Both) -> None:
    one, other = case("D1", recipients=RECIPIENTS[:2]), case("D2")
    failed, handed = one.deliveries

    def about(event: Event, of: Delivery, to: str | None = SENDER) -> Evidence:
        return evidence(one.record.facts, event, of=of, receipt_to=to)

    placed = about(Event.CONTENT_CONSIGNMENT, failed)
    first = about(Event.CONTENT_CONSIGNMENT_FAILURE, failed)
    last = about(Event.CONSIGNMENT_REJECTION, failed)
    untold = about(Event.CONSIGNMENT_REJECTION, failed, None)
    once = about(Event.CONTENT_CONSIGNMENT_FAILURE, handed)
    ends = (
        DeliveryUpdate(failed.id, DeliveryState.REJECTED, "02", "recipient-refused"),
        DeliveryUpdate(handed.id, DeliveryState.HANDED_OVER, "01", ""),
    )
    told = (placed, first, last, untold, once)
    await commit(ledger, one.change, other.change, Change(evidence=told, updates=ends))
    ids = frozenset({failed.id, handed.id, other.delivery.id})
    found = await known(ledger, Questions(deliveries=ids))
    assert {key: item.failure for key, item in found.items()} == {
        failed.id: last.id,
        handed.id: None,  # truth wins: it did arrive
        other.delivery.id: None,
    }


async def test_the_first_submission_under_a_doors_id_stands(ledger: Both) -> None:
    first, second = case("D1", external_id="N-1"), case("D2", external_id="N-1")
    await commit(ledger, first.change)
    await commit(ledger, second.change)
    async with ledger.transaction() as transaction:
        key = (Door.AMQP, "N-1")
        answers = await transaction.known(Questions(externals=frozenset({key})))
    assert answers.externals == {key: first.record.facts.submission_id}


async def refuses(ledger: Both, *changes: Change) -> None:
    before = await ledger.count()
    with pytest.raises(IntegrityError):
        await commit(ledger, *changes)
    assert await ledger.count() == before


async def test_an_identity_is_delivered_once_and_its_group_leaves_nothing(ledger: Both) -> None:
    await commit(ledger, case("D1").change)
    await refuses(ledger, case("D2").change, case("D1").change)
    await refuses(ledger, case("D3").change, case("D3").change)


async def test_a_submission_is_recorded_once(ledger: Both) -> None:
    one = case()
    await commit(ledger, one.change)
    await refuses(ledger, Change(submission=one.record))


async def test_a_delivery_needs_its_submission_and_its_payload(ledger: Both) -> None:
    one = case()
    await refuses(ledger, replace(one.change, submission=None))
    await refuses(ledger, replace(one.change, payload=None))


async def test_a_payload_that_was_not_staged_is_refused(ledger: Both) -> None:
    await refuses(ledger, case(staged=True).change)


async def test_a_payload_whose_size_is_wrong_is_refused(ledger: Both) -> None:
    one = case()
    digest = one.record.facts.digest
    await refuses(ledger, replace(one.change, payload=Payload(digest, 3, one.body)))


async def test_an_update_of_an_unknown_delivery_is_refused(ledger: Both) -> None:
    one = case()
    update = DeliveryUpdate("nobody", DeliveryState.SENT, "", "")
    await refuses(ledger, one.change, Change(updates=(update,)))


async def test_a_row_that_waits_cannot_come_anew(ledger: Both) -> None:
    one = case()
    await commit(ledger, one.change)
    await refuses(ledger, Change(outbox=(delivery_row(one.delivery),)))


async def test_the_chain_has_no_gaps_and_no_forks(ledger: Both) -> None:
    await commit(ledger, case("D1").change)
    for wrong in (Head(), Head(2, "0" * 64)):
        one = case("D2")
        with pytest.raises(IntegrityError, match="position"):
            async with ledger.transaction() as transaction:
                await transaction.write(Records((one.change,), *seal([one.acceptance], wrong)))
    assert (await ledger.count())["entry"] == 1


async def test_deliveries_move_on(ledger: Both) -> None:
    one = case(recipients=RECIPIENTS[:2])
    await commit(ledger, one.change)
    moved, other = one.deliveries
    await commit(
        ledger,
        Change(updates=(DeliveryUpdate(moved.id, DeliveryState.SENT, "", ""),)),
        Change(updates=(DeliveryUpdate(moved.id, DeliveryState.REJECTED, "02", "r"),)),
    )
    expected = replace(moved, state=DeliveryState.REJECTED, status="02", reason="r")
    assert (await ledger.timeline(moved.id)).deliveries == (expected, other)


async def test_the_same_payload_is_kept_once(ledger: Both) -> None:
    await commit(ledger, case("D1", body=b"same").change, case("D2", body=b"same").change)
    assert (await ledger.count())["payload"] == 1


async def test_the_outbox_is_read_in_order_from_where_one_was(ledger: Both) -> None:
    cases = [case(f"D{n}") for n in range(5)]
    await commit(ledger, *(one.change for one in cases))
    destination = cases[0].delivery.destination
    rows = [delivery_row(one.delivery, one.record.facts.size) for one in cases]
    assert await ledger.outbox_ids(destination, None, 10) == rows
    assert await ledger.outbox_ids(destination, rows[1].id, 2) == rows[2:4]
    assert await ledger.outbox_ids("local:nobody", None, 10) == []


async def test_parcels_carry_all_that_sending_needs(ledger: Both) -> None:
    one = case()
    records = await commit(ledger, one.change)
    ids = [one.acceptance.id, "gone", one.delivery.id]
    delivery_parcel, receipt_parcel = await ledger.parcels(ids)
    assert receipt_parcel.receipt == records.receipts[0]
    assert receipt_parcel.body == records.receipts[0].body
    assert delivery_parcel.delivery == one.delivery
    assert delivery_parcel.body == one.body
    assert receipt_parcel.facts == delivery_parcel.facts == one.record.facts


async def test_a_parcel_must_wait_while_any_row_in_front_of_it_waits_held_or_not(
    ledger: Both,
) -> None:
    front, other, back = case("D1"), case("D3"), case("D2")
    both = (front.delivery.id, other.delivery.id)
    behind = replace(delivery_row(back.delivery), behind=both)
    rows = tuple(r for r in back.change.outbox if r.id != behind.id)
    change = replace(back.change, outbox=(*rows, behind))
    await commit(ledger, front.change, other.change, change)

    async def must_wait() -> bool:
        (parcel,) = await ledger.parcels([back.delivery.id])
        assert parcel.row == behind
        return parcel.must_wait

    assert await must_wait()
    (parcel,) = await ledger.parcels([front.delivery.id])
    assert not parcel.must_wait
    held = Deferral(front.delivery.id, NOW, 1, "", held=True)
    await commit(ledger, Change(deferrals=(held,)))
    assert await must_wait()
    await commit(ledger, Change(done=(front.delivery.id,)))
    assert await must_wait()
    await commit(ledger, Change(done=(other.delivery.id,)))
    assert not await must_wait()


async def test_parcels_come_in_order_of_their_ids(ledger: Both) -> None:
    one = case(recipients=RECIPIENTS)
    await commit(ledger, one.change)
    ids = [row.id for row in one.change.outbox]
    parcels = await ledger.parcels(list(reversed(ids)))
    assert [parcel.row.id for parcel in parcels] == sorted(ids)


async def test_a_row_that_announces_nothing_contradicts_the_ledger(ledger: Both) -> None:
    row = replace(delivery_row(case().delivery), id="nothing")
    await commit(ledger, Change(outbox=(row,)))
    with pytest.raises(IntegrityError, match="nothing"):
        await ledger.parcels(["nothing"])


async def test_what_is_done_leaves_the_outbox_and_what_is_unknown_harms_nobody(
    ledger: Both,
) -> None:
    one = case()
    await commit(ledger, one.change)
    await commit(ledger, Change(done=(one.delivery.id, "unknown")))
    assert await ledger.parcels([one.delivery.id]) == []
    assert (await ledger.count())["outbox"] == 1


async def test_a_deferred_row_stays_and_a_held_one_is_not_offered(ledger: Both) -> None:
    one = case()
    await commit(ledger, one.change)
    later = NOW + timedelta(minutes=5)
    deferral = Deferral(one.delivery.id, later, 2, "inbox-missing")
    await commit(ledger, Change(deferrals=(deferral, replace(deferral, id="unknown"))))
    (row,) = await ledger.outbox_ids(one.delivery.destination, None, 10)
    assert (row.due_at, row.attempts, row.reason) == (later, 2, "inbox-missing")

    await commit(ledger, Change(deferrals=(replace(deferral, held=True),)))
    assert await ledger.outbox_ids(one.delivery.destination, None, 10) == []
    assert await ledger.parcels([one.delivery.id]) == []

    await commit(ledger, Change(deferrals=(deferral,)))
    assert len(await ledger.parcels([one.delivery.id])) == 1


async def test_the_summary_counts_by_destination(ledger: Both) -> None:
    cases = [case(f"D{n}", at=NOW + timedelta(seconds=n)) for n in range(3)]
    changes = [
        replace(one.change, outbox=(delivery_row(one.delivery, at=one.record.facts.received_at),))
        for one in cases
    ]
    await commit(ledger, *changes)
    later = NOW + timedelta(hours=1)
    await commit(
        ledger,
        Change(deferrals=(Deferral(cases[0].delivery.id, later, 1, "held by operator", True),)),
        Change(deferrals=(Deferral(cases[1].delivery.id, later, 1, "broker-silent"),)),
    )
    assert await ledger.outbox_summary() == [
        OutboxSummary(
            cases[0].delivery.destination,
            waiting=2,
            held=1,
            oldest=NOW + timedelta(seconds=1),
            reasons={"broker-silent": 1, "held by operator": 1},
        )
    ]
    await commit(
        ledger, Change(deferrals=tuple(Deferral(c.delivery.id, later, 1, "", True) for c in cases))
    )
    (summary,) = await ledger.outbox_summary()
    assert (summary.waiting, summary.held, summary.oldest) == (0, 3, None)


async def test_a_receipt_is_sent_again_unless_it_still_waits(ledger: Both) -> None:
    one = case()
    await commit(ledger, one.change)
    again = Change(resend=(receipt_row(one.acceptance),))
    await commit(ledger, again)
    assert (await ledger.count())["outbox"] == 2
    await commit(ledger, Change(done=(one.acceptance.id,)))
    await commit(ledger, again)
    (parcel,) = await ledger.parcels([one.acceptance.id])
    assert parcel.receipt == await ledger.receipt(one.acceptance.id)


async def test_changes_of_one_group_act_in_order_on_the_outbox(ledger: Both) -> None:
    one = case()
    row = receipt_row(one.acceptance)
    gone, again = Change(done=(row.id,)), Change(resend=(row,))
    await commit(ledger, one.change, gone)
    assert await ledger.parcels([row.id]) == []
    await commit(ledger, again, gone, again)
    assert len(await ledger.parcels([row.id])) == 1
    await commit(ledger, gone, again)
    assert len(await ledger.parcels([row.id])) == 1
    deferred = Change(deferrals=(Deferral(row.id, NOW, 7, "later"),))
    await commit(ledger, gone, deferred, again)
    (parcel,) = await ledger.parcels([row.id])
    assert parcel.row.attempts == 0
    await commit(ledger, again, deferred)
    (parcel,) = await ledger.parcels([row.id])
    assert parcel.row.attempts == 7
    more = Change(deferrals=(Deferral(row.id, NOW, 8, "later"),))
    await commit(ledger, more, again)
    (parcel,) = await ledger.parcels([row.id])
    assert parcel.row.attempts == 8


async def test_a_large_payload_is_staged_before_its_transaction(ledger: Both) -> None:
    body = b"x" * (INLINE_LIMIT + 1)
    one = case(body=body, staged=True)
    assert await ledger.stage(one.record.facts.digest, body)
    assert await ledger.stage(one.record.facts.digest, body)
    await commit(ledger, one.change)
    (parcel,) = await ledger.parcels([one.delivery.id])
    assert parcel.body == body
    assert await ledger.payload(one.record.facts.digest) == body
    verification = await ledger.verify()
    assert (verification.payloads, verification.faults) == (1, ())


async def test_a_small_payload_is_not_staged(ledger: Both) -> None:
    body = b"x" * INLINE_LIMIT
    assert not await ledger.stage(digest_of(body), body)


async def test_a_payload_that_is_not_what_its_digest_says_is_never_handed_out(
    ledger: Both,
) -> None:
    one = case(body=b"as sent")
    forged = Payload(one.record.facts.digest, 7, b"altered")
    await commit(ledger, replace(one.change, payload=forged))
    with pytest.raises(IntegrityError, match="changed"):
        await ledger.parcels([one.delivery.id])
    with pytest.raises(IntegrityError, match="changed"):
        await ledger.payload(one.record.facts.digest)
    (fault,) = (await ledger.verify()).faults
    assert "changed" in fault
    assert (await ledger.verify(payloads=False)).faults == ()


async def test_the_timeline_is_found_by_document_submission_and_delivery(ledger: Both) -> None:
    first = case("D1", recipients=RECIPIENTS[:1])
    second = case("D1", recipients=RECIPIENTS[1:2], at=NOW + timedelta(minutes=1))
    await commit(ledger, second.change, first.change, case("D2").change)
    timeline = await ledger.timeline("D1")
    assert timeline.submissions == (first.record, second.record)
    assert timeline.deliveries == (first.delivery, second.delivery)
    assert [entry.position for entry in timeline.entries] == [1, 2]
    assert await ledger.timeline(first.record.facts.submission_id) == timeline
    assert await ledger.timeline(second.delivery.id) == timeline


async def test_the_timeline_has_the_documents_at_the_other_end_of_its_links(ledger: Both) -> None:
    one, earlier, later, other = case("D1"), case("D0"), case("D2"), case("D3")
    namesake = case("D0", sender=RECIPIENTS[0])
    links = (
        Link("L1", one.record.facts.submission_id, LinkKind.REPLY, SENDER, "D0"),
        Link("L2", one.record.facts.submission_id, LinkKind.UPDATE, SENDER, "nowhere"),
        Link("L3", later.record.facts.submission_id, LinkKind.REPLACE, SENDER, "D1"),
        Link("L4", other.record.facts.submission_id, LinkKind.REPLY, SENDER, "D2"),
    )
    settled = [each.change for each in (earlier, namesake, one, later, other)]
    await commit(ledger, *settled, Change(links=links))
    timeline = await ledger.timeline("D1")
    assert timeline.links == links[:3]
    assert timeline.related == (earlier.record, later.record)


async def test_a_submission_without_a_document_is_about_itself_alone(ledger: Both) -> None:
    records = [replace(case("").record, facts=facts(f"S{n}", document_id="")) for n in range(2)]
    await commit(ledger, *(Change(submission=record) for record in records))
    assert (await ledger.timeline("S0")).submissions == (records[0],)
    assert (await ledger.timeline("")).submissions == ()


async def test_what_crashed_the_inspection_is_listed_newest_first(ledger: Both) -> None:
    records = [
        replace(case(f"D{n}").record, state=SubmissionState.QUARANTINED, at="/a", line=3)
        for n in range(3)
    ]
    await commit(ledger, *(Change(submission=record) for record in records), case("D").change)
    assert await ledger.quarantined() == list(reversed(records))
    assert await ledger.quarantined(1) == [records[2]]


async def test_the_chain_is_read_from_any_position(ledger: Both) -> None:
    await commit(ledger, *(case(f"D{n}").change for n in range(1201)))
    assert [entry.position async for entry in ledger.entries(after=100)] == list(range(101, 1202))
    assert [entry.position async for entry in ledger.entries(after=1201)] == []


async def test_what_is_about_one_submission_or_subject_is_read_newest_first(ledger: Both) -> None:
    about = own_facts("a subject", NOW)
    for number in range(3):
        told = evidence(about, Event.DIRECTORY_CHANGE, receipt_to=None)
        change = Change(evidence=(replace(told, particulars={"number": str(number)}),))
        await commit(ledger, case(f"D{number}").change, change)
    entries = await ledger.about("a subject", 2)
    assert [json.loads(entry.content)["particulars"]["number"] for entry in entries] == ["2", "1"]
    assert {entry.event for entry in entries} == {Event.DIRECTORY_CHANGE}
    assert await ledger.about("another", 2) == []
    assert (await ledger.verify()).faults == ()


async def test_a_document_that_was_sent_is_known_by_its_number_and_any_of_its_recipients(
    ledger: Both,
) -> None:
    await commit(ledger, case(recipients=RECIPIENTS).change)
    for recipient in RECIPIENTS:
        assert await ledger.was_sent("12", "QĐ-STC", ["x", SENDER], [recipient])
    for number, notation, sender, recipient in (
        ("13", "QĐ-STC", SENDER, RECIPIENTS[0]),
        ("12", "", SENDER, RECIPIENTS[0]),
        ("12", "QĐ-STC", RECIPIENTS[0], RECIPIENTS[0]),
        ("12", "QĐ-STC", SENDER, SENDER),
        ("", "", SENDER, RECIPIENTS[0]),
    ):
        assert not await ledger.was_sent(number, notation, [sender], [recipient])


async def test_a_sound_ledger_verifies(ledger: Both) -> None:
    records = await commit(ledger, *(case(f"D{n}").change for n in range(1100)))
    verification = await ledger.verify()
    assert verification.faults == ()
    assert (verification.entries, verification.receipts, verification.payloads) == (1100,) * 3
    assert verification.head == Head(1100, records.entries[-1].hash)


async def test_a_closed_ledger_says_that_it_is_closed(ledger: Both) -> None:
    await ledger.close()
    await ledger.close()
    with pytest.raises(TransientError, match="closed"):
        await ledger.outbox_summary()
    with pytest.raises(TransientError, match="closed"):
        await commit(ledger, case().change)


async def test_what_is_awaited_is_counted_and_listed_by_kind_and_inbox(ledger: Both) -> None:
    one = case(recipients=RECIPIENTS)
    hours = [
        Watch(arrival_due=NOW, registration_due=NOW + HOUR, next_due=NOW),
        Watch(arrival_due=NOW - HOUR, arrived_at=NOW, registration_due=NOW, reply_due=NOW + HOUR),
        Watch(
            registration_due=NOW - HOUR, recall_due=NOW, reply_due=NOW - HOUR, next_due=NOW + HOUR
        ),
    ]
    deliveries = tuple(
        replace(leg, watch=watch) for leg, watch in zip(one.deliveries, hours, strict=True)
    )
    await commit(ledger, replace(one.change, deliveries=deliveries))
    first, second, third = RECIPIENTS
    assert await ledger.next_due() == NOW
    assert await ledger.awaited(NOW) == [
        Awaited("arrival", first, 1, NOW, 0, None),
        Awaited("registration", first, 0, None, 1, NOW + HOUR),
        Awaited("registration", second, 1, NOW, 0, None),
        Awaited("reply", second, 0, None, 1, NOW + HOUR),
        Awaited("recall-answer", third, 1, NOW, 0, None),
        Awaited("consignment", first, 1, NOW, 0, None),
        Awaited("consignment", second, 1, NOW - HOUR, 0, None),
        Awaited("consignment", third, 1, NOW - HOUR, 0, None),
    ]
    assert await ledger.overdue(NOW, "arrival") == [deliveries[0]]
    assert await ledger.overdue(NOW, "registration", second) == [deliveries[1]]
    assert await ledger.overdue(NOW, "registration", first) == []
    assert await ledger.overdue(NOW, "recall-answer") == [deliveries[2]]
    assert await ledger.overdue(NOW, "consignment", limit=2) == [deliveries[1], deliveries[2]]
    await commit(ledger, Change(done=tuple(leg.id for leg in deliveries)))
    assert await ledger.overdue(NOW, "consignment") == []


async def test_where_nothing_is_awaited_nothing_is_due(ledger: Both) -> None:
    await commit(ledger, case().change)
    assert await ledger.next_due() is None
    assert await ledger.awaited(NOW) == []
