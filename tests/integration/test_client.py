"""`axisd.client` against a real broker: nothing is acknowledged that was not handled, and nothing ends with a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest
import pytest_asyncio

from axisd.adapters.amqp import DeniedError
from axisd.client import Answer, AxisClient, Message, TransientError, UnavailableError
from axisd.core.submission import Submission
from axisd.ports import Delivered
from axisd.ports import Message as Placed
from tests.support.amqp import FINANCE, HEALTH, Axis, fresh_axis, until, until_async
from tests.support.broker import Vhost
from tests.support.evidence import AT, RECIPIENT, accepted, consigned, refused
from tests.support.letters import Seals, letter

INBOX, RECEIPTS = f"agency.{FINANCE}.inbox", f"agency.{FINANCE}.receipts"


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


def client(axis: Axis, agency: str = FINANCE, **options: object) -> AxisClient:
    url = axis.endpoint(axis.account("finance")).url
    return AxisClient(url, agency, **options)  # type: ignore[arg-type] # passed on


async def place(axis: Axis, queue: str, *bodies: bytes, type_: str = "document") -> None:
    async with axis.publisher() as publisher:
        async with asyncio.timeout(20):
            await publisher.connected.wait()
        for number, body in enumerate(bodies):
            message = Placed(
                queue, f"{type_}-{number}", body, type_, "D1", AT, headers={"axis-from": HEALTH}
            )
            assert await publisher.publish(message) is Delivered.CONFIRMED


async def counted(axis: Axis, queue: str, count: int) -> None:
    """Returns when so many messages are in the queue; the broker counts late."""

    async def holds() -> bool:
        async with axis.management() as management:
            return (await management.queues())[queue].messages == count

    await until_async(holds)


async def take(axis_client: AxisClient, count: int) -> list[Message]:
    """The next messages of the inbox, handled."""
    found: list[Message] = []
    async with asyncio.timeout(30), aclosing(axis_client.inbox()) as inbox:
        async for message in inbox:
            async with message:
                found.append(message)
            if len(found) == count:
                break
    return found


async def test_a_handled_message_leaves_the_queue_and_probes_are_acknowledged_unseen(
    axis: Axis,
) -> None:
    await place(axis, INBOX, b"<probe/>", type_="probe")
    await place(axis, INBOX, b"<one/>", b"<two/>")
    async with client(axis) as axis_client:
        found = await take(axis_client, 2)
    assert [message.body for message in found] == [b"<one/>", b"<two/>"]
    assert [message.id for message in found] == ["document-0", "document-1"]
    assert (found[0].kind, found[0].document_id, found[0].sender) == ("document", "D1", HEALTH)
    await counted(axis, INBOX, 0)


async def test_what_raised_is_given_again_and_not_acknowledged_until_it_is_handled(
    axis: Axis,
) -> None:
    await place(axis, INBOX, b"<one/>", b"<two/>")
    seen: list[str] = []
    async with client(axis) as axis_client, aclosing(axis_client.inbox()) as inbox:
        async with asyncio.timeout(30):
            async for message in inbox:
                try:
                    async with message:
                        seen.append(message.id)
                        if seen == ["document-0"]:
                            raise OSError("the database is away")
                except OSError:
                    assert seen == ["document-0"]
                if len(seen) == 3:
                    break
    assert seen == ["document-0", "document-1", "document-0"]
    await counted(axis, INBOX, 0)


async def test_what_was_not_handled_is_there_for_the_next_one(axis: Axis) -> None:
    await place(axis, INBOX, b"<one/>")
    async with client(axis) as axis_client, aclosing(axis_client.inbox()) as inbox:
        first = await asyncio.wait_for(anext(inbox), 30)
        assert first.id == "document-0"
    async with client(axis) as axis_client:
        (again,) = await take(axis_client, 1)
    assert (again.id, again.redelivered) == ("document-0", True)


async def test_a_lost_connection_is_opened_again_and_the_stream_goes_on(axis: Axis) -> None:
    troubles: list[TransientError] = []
    await place(axis, INBOX, b"<one/>")
    async with client(axis, trouble=troubles.append) as axis_client:
        async with aclosing(axis_client.inbox()) as inbox:
            first = await asyncio.wait_for(anext(inbox), 30)
            async with axis.management() as management:

                async def listed() -> bool:
                    return await management.connections(axis.account("finance")) == 2

                await until_async(listed)
                await management.close_connections(axis.account("finance"))
            again = await asyncio.wait_for(anext(inbox), 30)
            assert again.id == first.id
            await again.ack()
            with pytest.raises(TransientError):
                await first.ack()
            async with first:  # handled, and it comes again: nothing to fail for
                pass
        assert troubles
        await axis_client.submit(b"<after/>", within=30)
    await counted(axis, INBOX, 0)
    await counted(axis, "axis.intake", 1)


async def test_a_submission_that_cannot_be_confirmed_is_repeated_until_time_is_over(
    axis: Axis,
) -> None:
    await axis.node.api("DELETE", f"queues/{axis.vhost}/axis.intake")  # now it is unroutable
    troubles: list[TransientError] = []
    async with client(axis, trouble=troubles.append) as axis_client:
        with pytest.raises(TransientError, match=r"not confirmed within 1\.5 s: submitting"):
            await axis_client.submit(b"<a/>", within=1.5)
        assert len(troubles) >= 2
        repeating = len(troubles)
        async with asyncio.TaskGroup() as group:
            submitting = group.create_task(axis_client.submit(b"<a/>", within=30))
            await until(lambda: len(troubles) > repeating)
            async with axis.management() as management:
                await management.apply(axis.definitions)
            await submitting
    taken: list[Submission] = []

    async def handle(submission: Submission) -> None:
        taken.append(submission)

    async with asyncio.TaskGroup() as group:
        intake = group.create_task(axis.intake().run(handle))
        await until(lambda: bool(taken))
        intake.cancel()
    assert [one.body for one in taken] == [b"<a/>"]


async def test_another_agency_is_denied_at_once(axis: Axis) -> None:
    async with client(axis, HEALTH) as axis_client:
        with pytest.raises(DeniedError):
            await axis_client.submit(b"<a/>")
        with pytest.raises(DeniedError):
            await take(axis_client, 1)


async def test_a_broker_that_is_away_is_told_at_the_start_without_the_password() -> None:
    with pytest.raises(UnavailableError) as error:
        async with AxisClient("amqp://finance:hush@127.0.0.1:1/axis", FINANCE):
            raise AssertionError("it is not there")
    assert "hush" not in str(error.value)


async def test_an_answer_that_is_waited_for_is_looked_at_and_stays_in_the_queue(
    axis: Axis,
) -> None:
    body = b"<a/>"
    seals = Seals(body)
    ours = replace(accepted(), recipients=(RECIPIENT,))
    await place(
        axis, RECEIPTS, Seals(b"<b/>").about(ours), seals.about(ours), seals.about(consigned())
    )
    async with client(axis, trust=seals.trust) as axis_client:
        answer = await axis_client.submit(body, wait=30)
        assert answer.accepted
        assert answer.receipts[0].proven
        assert answer.passed_over == 1
        complete = Answer(answer.digest)
        async for receipt in axis_client.told(complete, within=30):
            assert receipt.digest == answer.digest
        assert complete.complete
    await counted(axis, RECEIPTS, 3)


async def test_submissions_that_wait_at_once_share_one_look_and_each_hears_its_own(
    axis: Axis,
) -> None:
    bodies = [b"<a/>", b"<b/>", b"<c/>", b"<d/>"]
    seals = [Seals(body) for body in bodies]
    trust = tuple(certificate for one in seals for certificate in one.trust)
    async with client(axis, trust=trust) as axis_client, asyncio.TaskGroup() as group:
        waiting = [group.create_task(axis_client.submit(body, wait=30)) for body in bodies]

        async def all_look() -> bool:
            async with axis.management() as management:
                queues = await management.queues()
            return queues["axis.intake"].messages == 4 and queues[RECEIPTS].consumers == 1

        await until_async(all_look)
        await place(axis, RECEIPTS, *(one.about(refused()) for one in seals))
        answers = [await one for one in waiting]
    assert all(answer.rejected for answer in answers)
    await counted(axis, RECEIPTS, 4)


async def test_whoever_waits_for_what_the_account_may_not_read_is_told_so(axis: Axis) -> None:
    async with client(axis, HEALTH) as axis_client:
        telling = axis_client.told(Answer("sha256:00"), within=30)
        with pytest.raises(DeniedError):
            await asyncio.wait_for(anext(telling), 20)


async def test_while_receipts_are_read_a_waiting_submission_hears_of_what_was_handled(
    axis: Axis,
) -> None:
    body = b"<a/>"
    seals = Seals(body)
    await place(axis, RECEIPTS, seals.about(refused()))
    kept: list[bytes] = []
    async with client(axis, trust=seals.trust) as axis_client, asyncio.TaskGroup() as group:

        async def reading() -> None:
            async for receipt in axis_client.receipts():
                async with receipt:
                    await waiting.wait()
                    kept.append(receipt.body)

        waiting = asyncio.Event()
        task = group.create_task(reading())
        answer = Answer(seals.facts.digest)
        async with asyncio.timeout(30):
            while not axis_client._taking:
                await asyncio.sleep(0)
            telling = axis_client.told(answer, within=30)
            first = group.create_task(anext(telling))
            await asyncio.sleep(0)
            waiting.set()
            assert (await first).event == "document"
        assert answer.rejected
        assert kept == [seals.about(refused())]
        await telling.aclose()
        task.cancel()
    await counted(axis, RECEIPTS, 0)


async def test_without_an_answer_in_time_it_is_not_settled_and_nothing_is_lost(axis: Axis) -> None:
    async with client(axis) as axis_client:
        answer = await axis_client.submit(axis_client.document(letter()), wait=0.5)
    assert not answer.settled
    await counted(axis, "axis.intake", 1)
