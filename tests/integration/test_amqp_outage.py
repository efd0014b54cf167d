"""When the broker goes away, blocks, cancels or minds: nothing is lost, and all come back alone.

On a node of its own, which these tests stop, starve and set limits on.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from axisd.adapters.amqp import AmqpIntake, AmqpPublisher, Bounds, Endpoint
from axisd.adapters.amqp.connection import open_connection
from axisd.adapters.amqp.topology import DEAD, INTAKE
from axisd.core.submission import Submission
from axisd.errors import TransientError, UnavailableError
from axisd.ports import Delivered
from axisd.simulator.broker import PrivateNode
from axisd.simulator.loopback import free_ports
from tests.integration.test_amqp_exchange import Collected, running, waiting
from tests.integration.test_amqp_publisher import letter
from tests.support.amqp import FINANCE, HEALTH, Axis, ctl, fresh_axis, until, until_async
from tests.support.broker import fresh_vhost

MOST = 3 * 1024 * 1024
LETTER = 400_000
"""Three of them fill a window of a million bytes."""
IN_THE_PIPE = 2
"""Ten frames of 128 KiB may be under way inside the library when a window shuts."""


@dataclass(frozen=True)
class Victim:
    """A node with its folder, for `rabbitmqctl`, and its door for TLS."""

    node: PrivateNode
    folder: Path
    certificate: Path
    tls_port: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def victim(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Victim]:
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"))
    folder = tmp_path_factory.mktemp("victim")
    (tls_port,) = free_ports(1)
    settings = {
        "max_message_size": str(MOST),
        "listeners.ssl.1": f"127.0.0.1:{tls_port}",
        "ssl_options.cacertfile": str(certificate),
        "ssl_options.certfile": str(certificate),
        "ssl_options.keyfile": str(key),
        "ssl_options.verify": "verify_none",
        "ssl_options.fail_if_no_peer_cert": "false",
    }
    async with PrivateNode(folder, settings=settings) as node:
        yield Victim(node, folder, certificate, tls_port)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a broker for tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "broker.pem", folder / "broker.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest_asyncio.fixture
async def axis(victim: Victim) -> AsyncIterator[Axis]:
    async with fresh_vhost(victim.node) as vhost, fresh_axis(vhost) as fresh:
        yield fresh


async def test_after_a_restart_of_the_broker_everything_goes_on_and_nothing_is_lost(
    axis: Axis, victim: Victim
) -> None:
    forwarded: set[str] = set()
    intake = axis.intake()

    async with axis.publisher() as publisher:
        await publisher.connected.wait()

        async def forward(submission: Submission) -> None:
            """As the relay does: until the broker confirmed it."""
            name = submission.body.decode()
            if await publisher.publish(letter(int(name))) is not Delivered.CONFIRMED:
                raise TransientError("not confirmed")
            forwarded.add(name)

        async def nothing_waits() -> bool:
            return await waiting(axis, INTAKE) == 0

        async with running(intake, forward):
            async with axis.client() as client:
                for number in range(40):
                    await client.submit(str(number).encode(), FINANCE)
                await victim.node.kill()
            with pytest.raises(TransientError):
                await publisher.publish(letter(999))
            await until(lambda: not intake.consuming)
            await victim.node.start()
            async with asyncio.timeout(30):
                await publisher.connected.wait()
                await intake.wait_consuming()
            async with axis.client() as client:
                for number in range(40, 60):
                    await client.submit(str(number).encode(), FINANCE)
            await until(lambda: forwarded == {str(number) for number in range(60)})
            # What came twice is forwarded already, and not yet taken or acknowledged a second time.
            await until_async(nothing_waits)
            await intake.drain()
        # It may have been given back unconfirmed while it was drained: then it is there for the next one.
        asked = {"count": 100, "ackmode": "ack_requeue_false", "encoding": "auto"}
        left = await axis.node.api("POST", f"queues/{axis.vhost}/{INTAKE}/get", asked)
        assert {message["payload"] for message in left} <= forwarded
        assert len(left) < 20, "what was forwarded was acknowledged"
    async with axis.client("health") as client:
        received = set()
        async with asyncio.timeout(30):
            async for message in client.receive("inbox", HEALTH):
                received.add(message.message_id)
                await message.ack()
                if received >= {f"delivery-{number}" for number in range(60)}:
                    break


async def test_an_alarm_makes_the_publisher_silent_then_blocked_and_leaves_the_intake_alone(
    axis: Axis, victim: Victim
) -> None:
    collected = Collected()
    async with axis.publisher(deadline=1.0) as publisher, running(axis.intake(), collected):
        await publisher.connected.wait()
        async with axis.client() as client:
            await client.submit(b"before", FINANCE)
            await until(lambda: collected.bodies == [b"before"])
        await ctl(victim.folder, "set_vm_memory_high_watermark", "absolute", "1000000")
        try:
            assert await publisher.publish(letter(1)) is Delivered.SILENT
            await until(lambda: publisher.blocked)
            with pytest.raises(TransientError, match="blocks publishers"):
                await publisher.publish(letter(2))
            assert publisher.connected.is_set()
        finally:
            await ctl(victim.folder, "set_vm_memory_high_watermark", "0.4")
        await until(lambda: not publisher.blocked)
        assert await publisher.publish(letter(3)) is Delivered.CONFIRMED
    blocked = [state.blocked for state in axis.telemetry.states if state.purpose == "publisher"]
    assert blocked == [False, True, False]
    states = {state.trouble for state in axis.telemetry.states if "intake" in state.purpose}
    assert states == {""}


async def test_over_tls_the_door_and_the_exit_work_for_whoever_knows_the_broker(
    axis: Axis, victim: Victim
) -> None:
    plain = axis.endpoint(axis.daemon_user)
    url = plain.url.replace("amqp://", "amqps://").replace(
        f":{victim.node.amqp_port}/", f":{victim.tls_port}/"
    )
    trusting = Endpoint(url, tls=ssl.create_default_context(cafile=str(victim.certificate)))
    collected = Collected()
    intake = AmqpIntake(trusting, clock=axis.clock, telemetry=axis.telemetry)
    publisher = AmqpPublisher(trusting, clock=axis.clock, telemetry=axis.telemetry)
    async with running(intake, collected), publisher, axis.client() as client:
        await publisher.connected.wait()
        assert await publisher.publish(letter(body=bytes(MOST - 1))) is Delivered.CONFIRMED
        await client.submit(b"x" * 500_000, FINANCE)
        await until(lambda: collected.bodies == [b"x" * 500_000])
    assert axis.telemetry.troubles == []
    with pytest.raises(UnavailableError, match="certificate verify failed"):
        await open_connection(Endpoint(url, tls=ssl.create_default_context()), "stranger")


async def test_what_is_too_large_for_the_broker_is_refused_and_harms_no_other(axis: Axis) -> None:
    async with axis.publisher() as publisher:
        await publisher.connected.wait()
        answers = await asyncio.gather(
            *(publisher.publish(letter(number)) for number in range(20)),
            publisher.publish(letter(20, body=bytes(MOST - 1))),
            publisher.publish(letter(21, body=bytes(MOST + 1))),
            publisher.publish(letter(22, body=bytes(MOST - 1))),
            *(publisher.publish(letter(number)) for number in range(23, 40)),
        )
        assert publisher.connected.is_set()
    assert [number for number, answer in enumerate(answers) if answer is Delivered.NACKED] == [21]
    assert answers.count(Delivered.CONFIRMED) == 39
    assert axis.telemetry.troubles == []


async def test_a_consumer_that_the_broker_cancels_comes_back(axis: Axis) -> None:
    collected = Collected()
    intake = axis.intake()
    async with running(intake, collected):
        await axis.node.api("DELETE", f"queues/{axis.vhost}/{INTAKE}")
        await until(lambda: "the broker cancelled the consumer" in axis.telemetry.words())
        await until(lambda: "broker apply" in axis.telemetry.words())
        async with axis.management() as management:
            await management.apply(axis.definitions)
        async with asyncio.timeout(30):
            await intake.wait_consuming()
        async with axis.client() as client:
            await client.submit(b"after", FINANCE)
        await until(lambda: collected.bodies == [b"after"])


async def test_a_consumer_that_went_missing_without_a_word_comes_back(axis: Axis) -> None:
    collected = Collected()
    intake = axis.intake()
    async with running(intake, collected):
        lane = intake._lanes[1]
        assert lane._channel is not None
        await lane._channel.basic_cancel(lane._tag)  # and the lane does not know
        assert intake.consuming
        async with axis.client() as client:
            await client.submit(b"unseen", FINANCE)
        await until(lambda: collected.bodies == [b"unseen"])
    assert "counts no consumer" in axis.telemetry.words()


async def test_a_full_window_holds_messages_back_at_the_broker(axis: Axis) -> None:
    release = asyncio.Event()
    collected = Collected()

    async def hold(submission: Submission) -> None:
        await collected(submission)
        await release.wait()

    bounds = Bounds(prefetch=20, window=1_000_000, patience=60.0, beat=0.1)
    async with axis.client() as client, running(axis.intake(bounds), hold):
        for number in range(20):
            await client.submit(bytes([number]) * LETTER, FINANCE)
        await client.submit(b"urgent", FINANCE, "urgent")
        await until(lambda: len(collected.submissions) >= 4)
        await asyncio.sleep(0.3)  # time in which more would have come
        assert b"urgent" in collected.bodies
        assert 4 <= len(collected.bodies) <= 4 + IN_THE_PIPE
        release.set()
        await until(lambda: len(collected.submissions) == 21)
    assert axis.telemetry.troubles == []


async def test_a_full_window_that_does_not_move_goes_narrow_and_recovers(axis: Axis) -> None:
    """The ledger is away for longer than the broker lets a connection go unread."""
    broken = True
    held: set[bytes] = set()
    collected = Collected()

    async def sometimes(submission: Submission) -> None:
        if broken:
            held.add(submission.body)
            raise TransientError("the ledger is away")
        await collected(submission)

    bounds = Bounds(prefetch=8, window=1_000_000, patience=1.0, beat=0.1, look=0.5)
    intake = axis.intake(bounds)
    bodies = {bytes([number]) * LETTER for number in range(30)}
    async with axis.client() as client, running(intake, sometimes):
        for body in bodies:
            await client.submit(body, FINANCE)
        await until(lambda: "one at a time" in axis.telemetry.words())
        async with asyncio.timeout(30):
            await intake.wait_consuming()
        before = len(axis.telemetry.states)
        await asyncio.sleep(3)  # three times the patience: it must stay, narrow and connected
        assert len(axis.telemetry.states) == before
        assert len(held) <= 3 + IN_THE_PIPE + 1  # the last one while narrow
        broken = False
        await until(lambda: set(collected.bodies) == bodies)
        await until(lambda: intake._lanes[1]._narrow == 0)
    assert await waiting(axis, INTAKE) == 0
    assert await waiting(axis, DEAD) == 0


async def test_a_message_that_ends_the_intake_again_and_again_is_dead_lettered(axis: Axis) -> None:
    """Twenty returns, then it is out of the way, in the queue that pages somebody."""

    async def crash(_: Submission) -> None:
        raise ZeroDivisionError

    async def is_dead() -> bool:
        return await waiting(axis, DEAD) == 1

    async def is_somewhere() -> bool:
        return await is_dead() or await waiting(axis, INTAKE) == 1

    async with axis.client() as client:
        await client.submit(b"killer", FINANCE)
    runs = 0
    while not await is_dead():
        with pytest.raises(ExceptionGroup):
            async with asyncio.timeout(10):
                await axis.intake().run(crash)
        runs += 1
        await until_async(is_somewhere)
    assert runs == 21
