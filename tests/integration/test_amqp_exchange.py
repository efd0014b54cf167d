"""Submitting and taking in: what the broker lets through, and what the intake makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiormq
import pytest
import pytest_asyncio
from aiormq import spec

from axisd.adapters.amqp import AgencyClient, AmqpIntake, DeniedError, Endpoint
from axisd.core.submission import Door, Lane, Submission
from axisd.errors import TransientError, UnavailableError
from axisd.ports import Handle
from tests.support.amqp import COMMUNE, FINANCE, HEALTH, Axis, fresh_axis, until, until_async
from tests.support.broker import Vhost


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


@asynccontextmanager
async def running(intake: AmqpIntake, handle: Handle) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run(handle))
        async with asyncio.timeout(20):
            await intake.wait_consuming()
        yield
        task.cancel()


class Collected:
    def __init__(self) -> None:
        self.submissions: list[Submission] = []

    async def __call__(self, submission: Submission) -> None:
        self.submissions.append(submission)

    @property
    def bodies(self) -> list[bytes]:
        return [submission.body for submission in self.submissions]


async def waiting(axis: Axis, queue: str) -> int:
    """Messages in a queue as the broker itself counts them, now."""
    connection = await aiormq.connect(axis.node.amqp_url(axis.vhost))
    try:
        channel = await connection.channel()
        return (await channel.queue_declare(queue, passive=True)).message_count or 0
    finally:
        await connection.close()


async def test_a_submission_comes_in_with_its_bytes_account_and_lane(axis: Axis) -> None:
    collected = Collected()
    before = axis.clock.now()
    async with axis.client() as client, running(axis.intake(), collected):
        await client.submit(b"<normal/>", FINANCE)
        await client.submit(b"<urgent/>", FINANCE, "urgent")
        await until(lambda: len(collected.submissions) == 2)
    by_lane = {submission.lane: submission for submission in collected.submissions}
    normal, urgent = by_lane[Lane.NORMAL], by_lane[Lane.URGENT]
    assert (normal.body, urgent.body) == (b"<normal/>", b"<urgent/>")
    assert normal.account == axis.account("finance")
    assert normal.routing_key == f"normal.{FINANCE}"
    assert normal.content_type == "application/xml"
    assert normal.door is Door.AMQP
    assert not normal.redelivered
    assert before <= normal.received_at <= axis.clock.now()
    assert normal.id != urgent.id
    assert set(axis.telemetry.beats) >= {"intake.normal", "intake.urgent"}


async def test_what_was_handled_is_acknowledged_and_what_was_not_comes_again(axis: Axis) -> None:
    release = asyncio.Event()
    first = Collected()

    async def hold_back_the_second(submission: Submission) -> None:
        await first(submission)
        if submission.body == b"second":
            await release.wait()

    async with axis.client() as client:
        async with running(axis.intake(), hold_back_the_second):
            await client.submit(b"first", FINANCE)
            await client.submit(b"second", FINANCE)
            await until(lambda: sorted(first.bodies) == [b"first", b"second"])
        again = Collected()
        async with running(axis.intake(), again):
            await until(lambda: again.bodies == [b"second"])
        assert again.submissions[0].redelivered
    assert await waiting(axis, "axis.intake") == 0


async def test_a_handle_that_fails_for_a_while_is_tried_again_without_a_redelivery(
    axis: Axis,
) -> None:
    tries: list[Submission] = []

    async def third_time(submission: Submission) -> None:
        tries.append(submission)
        if len(tries) < 3:
            raise TransientError("the ledger is locked")

    async with axis.client() as client, running(axis.intake(), third_time):
        await client.submit(b"patience", FINANCE)
        await until(lambda: len(tries) == 3)
    assert [one.redelivered for one in tries] == [False] * 3
    assert len({one.id for one in tries}) == 3
    assert axis.telemetry.words().count("the ledger is locked") == 2
    assert await waiting(axis, "axis.intake") == 0


async def test_any_other_error_of_a_handle_ends_the_intake_and_the_message_stays(
    axis: Axis,
) -> None:
    async def broken(_: Submission) -> None:
        raise ZeroDivisionError

    async with axis.client() as client:
        await client.submit(b"poison?", FINANCE)
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await axis.intake().run(broken)
    assert raised.group_contains(ZeroDivisionError)
    await until_async(lambda: _is_waiting(axis))


async def _is_waiting(axis: Axis) -> bool:
    return await waiting(axis, "axis.intake") == 1


async def test_urgent_overtakes_a_lane_full_of_normal_ones(axis: Axis) -> None:
    stuck = asyncio.Event()
    seen: list[bytes] = []

    async def only_urgent(submission: Submission) -> None:
        seen.append(submission.body)
        if submission.lane is Lane.NORMAL:
            await stuck.wait()

    async with axis.client() as client, running(axis.intake(), only_urgent):
        for _ in range(20):
            await client.submit(b"normal", FINANCE)
        await until(lambda: seen.count(b"normal") == 8)  # the prefetch
        await client.submit(b"urgent", FINANCE, "urgent")
        await until(lambda: b"urgent" in seen)
        assert seen.count(b"normal") == 8


async def test_draining_lets_what_is_in_flight_settle_and_takes_nothing_new(axis: Axis) -> None:
    release = asyncio.Event()
    collected = Collected()

    async def slowly(submission: Submission) -> None:
        await collected(submission)
        await release.wait()

    intake = axis.intake()
    async with axis.client() as client, running(intake, slowly):
        await client.submit(b"in flight", FINANCE)
        await until(lambda: collected.bodies == [b"in flight"])
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(intake.drain())
            await until(lambda: not intake.consuming)
            await client.submit(b"too late", FINANCE)
            assert not draining.done()
            release.set()
        assert collected.bodies == [b"in flight"]
    assert await waiting(axis, "axis.intake") == 1


async def test_a_submission_without_user_id_has_no_account(axis: Axis) -> None:
    collected = Collected()
    async with axis.client() as client, running(axis.intake(), collected):
        await client.submit(b"anonymous", FINANCE, user_id=None)
        await until(lambda: collected.bodies == [b"anonymous"])
    assert collected.submissions[0].account is None


async def test_the_broker_refuses_a_user_id_that_is_not_the_account(axis: Axis) -> None:
    async with axis.client() as client:
        with pytest.raises(DeniedError, match="user_id"):
            await client.submit(b"forged", FINANCE, user_id=axis.account("health"))
        await client.submit(b"mine", FINANCE)  # the client goes on with a new channel


async def test_an_account_may_submit_under_the_twin_code_of_its_agency(axis: Axis) -> None:
    async with axis.client() as client:
        await client.submit(b"twin", "H53.11")
    assert await waiting(axis, "axis.intake") == 1


@pytest.mark.parametrize(
    ("name", "agency", "lane"),
    [
        ("finance", HEALTH, "normal"),
        ("commune", "H26x01", "normal"),  # the dot of H26.01 is no wildcard
        ("commune", "H26.01.1", "normal"),
        ("finance", f"{FINANCE}.x", "urgent"),
        ("finance", FINANCE, "express"),
    ],
)
async def test_the_broker_refuses_a_foreign_routing_key(
    axis: Axis, name: str, agency: str, lane: str
) -> None:
    async with axis.client(name) as client:
        with pytest.raises(DeniedError, match="ACCESS_REFUSED"):
            await client.submit(b"foreign", agency, lane)  # type: ignore[arg-type]
    assert await waiting(axis, "axis.intake") == 0


async def test_an_account_reads_its_own_queues_and_no_others(axis: Axis) -> None:
    async with axis.client("commune") as client:
        assert await client.get("inbox", COMMUNE) is None
        assert await client.get("receipts", COMMUNE) is None
        for kind, agency in (("inbox", FINANCE), ("receipts", HEALTH)):
            with pytest.raises(DeniedError, match="ACCESS_REFUSED"):
                await client.get(kind, agency)  # type: ignore[arg-type]


async def test_an_account_can_neither_declare_nor_bind_nor_publish_past_the_axis(
    axis: Axis,
) -> None:
    inbox = f"agency.{HEALTH}.inbox"
    connection = await aiormq.connect(axis.endpoint(axis.account("finance")).url)
    try:
        channel = await connection.channel()
        with pytest.raises(aiormq.ChannelAccessRefused):
            await channel.queue_declare("mine")
        channel = await connection.channel()
        with pytest.raises(aiormq.ChannelAccessRefused):
            await channel.queue_bind(f"agency.{FINANCE}.inbox", "axis.submit", "normal.#")
        channel = await connection.channel()
        with pytest.raises(aiormq.ChannelAccessRefused):
            await channel.basic_publish(b"past the axis", routing_key=inbox)
    finally:
        await connection.close()


async def test_the_daemons_account_can_neither_declare_nor_read_inboxes(axis: Axis) -> None:
    connection = await aiormq.connect(axis.endpoint(axis.daemon_user).url)
    try:
        channel = await connection.channel()
        with pytest.raises(aiormq.ChannelAccessRefused):
            await channel.queue_declare("mine")
        channel = await connection.channel()
        with pytest.raises(aiormq.ChannelAccessRefused):
            await channel.basic_get(f"agency.{FINANCE}.inbox")
    finally:
        await connection.close()


async def test_properties_that_no_library_can_read_do_not_stop_the_line(axis: Axis) -> None:
    collected = Collected()
    account = axis.account("finance").encode()
    user_id = bytes([len(account)]) + account
    nested = b""
    for _ in range(600):
        nested = b"\x01kF" + len(nested).to_bytes(4, "big") + nested
    hostile = [
        b"\x00\x18" + user_id + b"\x02\xff\xfe",  # app_id is not UTF-8
        b"\x00\x50" + b"\xff" * 8 + user_id,  # a timestamp beyond every calendar
        b"\x20\x10" + len(nested).to_bytes(4, "big") + nested + user_id,  # headers 600 deep
        b"\x80\x10" + b"\x03a\xffb" + user_id,  # content_type is not UTF-8
    ]
    async with axis.client() as client, running(axis.intake(), collected):
        for number, properties in enumerate(hostile):
            await _submit_raw(axis, properties, f"hostile {number}".encode())
        await client.submit(b"honest", FINANCE)
        await until(lambda: len(collected.submissions) == len(hostile) + 1)
    assert {one.account for one in collected.submissions} == {axis.account("finance")}
    assert axis.telemetry.troubles == []
    types = {one.body: one.content_type for one in collected.submissions}
    assert types[b"hostile 3"] == "a?b"


async def _submit_raw(axis: Axis, properties: bytes, body: bytes) -> None:
    """Publishes with a content header written byte by byte, as a hostile publisher would."""

    class Raw(spec.Basic.Properties):
        def marshal(self) -> bytes:
            return properties

    connection = await aiormq.connect(axis.endpoint(axis.account("finance")).url)
    try:
        channel = await connection.channel()
        await channel.basic_publish(
            body,
            exchange="axis.submit",
            routing_key=f"normal.{FINANCE}",
            properties=Raw(message_id="unused"),
            mandatory=True,
            timeout=10,
        )
    finally:
        await connection.close()


async def test_an_empty_body_comes_in_too(axis: Axis) -> None:
    collected = Collected()
    async with axis.client() as client, running(axis.intake(), collected):
        await client.submit(b"", FINANCE)
        await until(lambda: collected.bodies == [b""])


async def test_a_wrong_password_is_told_without_the_password(axis: Axis) -> None:
    wrong = Endpoint(axis.node.amqp_url(axis.vhost, axis.account("finance"), "hunter2"))
    with pytest.raises(UnavailableError, match="ACCESS_REFUSED") as raised:
        async with AgencyClient(wrong):
            pass
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in repr(wrong)
