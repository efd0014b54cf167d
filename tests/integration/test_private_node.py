"""A private RabbitMQ node starts, works, and leaves nothing behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import pytest

from axisd.errors import UnavailableError
from axisd.simulator.broker import PrivateNode
from axisd.simulator.loopback import free_ports, is_free
from axisd.simulator.process import Process
from tests.support.broker import Vhost, fresh_vhost

CHECKOUT = Path(__file__).parents[2]


async def test_a_quorum_queue_keeps_what_was_confirmed(vhost: Vhost) -> None:
    connection = await aio_pika.connect(vhost.amqp_url)
    async with connection, connection.channel(publisher_confirms=True) as channel:
        queue = await channel.declare_queue(
            "letters", durable=True, arguments={"x-queue-type": "quorum"}
        )
        message = aio_pika.Message(b"a letter", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        confirmed = await channel.default_exchange.publish(message, "letters", timeout=10)
        assert confirmed is not None
        assert type(confirmed).__name__ == "Ack"
        received = await queue.get(timeout=10)
        assert received is not None
        assert received.body == b"a letter"
        await received.ack()


async def test_the_management_api_tells_who_consumes(vhost: Vhost) -> None:
    connection = await aio_pika.connect(vhost.amqp_url)
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue(
            "letters", durable=True, arguments={"x-queue-type": "quorum"}
        )

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            await message.ack()

        await queue.consume(take)
        async with asyncio.timeout(20):
            while True:
                listed = await vhost.node.api("GET", f"queues/{vhost.name}")
                if [(row["name"], row.get("consumers")) for row in listed] == [("letters", 1)]:
                    break
                await asyncio.sleep(0.1)


async def test_a_vhost_is_gone_after_its_block(broker_node: PrivateNode) -> None:
    async with fresh_vhost(broker_node) as fresh:
        names = [row["name"] for row in await broker_node.api("GET", "vhosts")]
        assert fresh.name in names
    names = [row["name"] for row in await broker_node.api("GET", "vhosts")]
    assert fresh.name not in names


async def test_the_administrators_files_are_the_owners_alone(broker_node: PrivateNode) -> None:
    folder = broker_node.log_folder.parent
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "node.json").stat().st_mode & 0o077 == 0


async def test_a_call_that_the_api_denies_is_unavailable(broker_node: PrivateNode) -> None:
    with pytest.raises(UnavailableError, match="404"):
        await broker_node.api("GET", "vhosts/no-such-vhost")


async def test_what_was_confirmed_survives_a_power_cut_on_the_same_ports(tmp_path: Path) -> None:
    # A long folder with blanks and Vietnamese in its name, as a checkout may have.
    folder = tmp_path / "trục văn bản" / ("x" * 120)
    async with PrivateNode(folder) as node:
        ports = node.ports
        processes = _processes(node)
        connection = await aio_pika.connect(node.amqp_url("/"))
        async with connection, connection.channel(publisher_confirms=True) as channel:
            await channel.declare_queue(
                "letters", durable=True, arguments={"x-queue-type": "quorum"}
            )
            message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, "letters", timeout=10)
        async with asyncio.timeout(30):  # RabbitMQ writes late that a new quorum queue exists
            while not _knows_queue(folder, b"letters"):
                await asyncio.sleep(0.1)
        await node.kill()
        assert node.pid is None
        await _assert_nothing_left(processes, ports)

        await node.start()
        assert node.ports == ports
        connection = await aio_pika.connect(node.amqp_url("/"))
        async with connection, connection.channel() as channel:
            queue = await channel.declare_queue("letters", passive=True)
            received = await queue.get(timeout=10)
            assert received is not None
            assert received.body == b"kept"
        processes = _processes(node)
    await _assert_nothing_left(processes, ports)


async def test_the_command_line_starts_a_node_that_stays_and_stops_it(tmp_path: Path) -> None:
    node = PrivateNode(tmp_path / "node")
    await _broker_command("start", tmp_path / "node")
    try:
        assert await node.api("GET", "whoami")
        processes, ports = _processes(node), node.ports
    finally:
        await _broker_command("stop", tmp_path / "node")
    await _assert_nothing_left(processes, ports)


async def test_a_node_dies_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys, pathlib\n"
        "from axisd.simulator.broker import PrivateNode\n"
        "async def run():\n"
        "    await PrivateNode(pathlib.Path(sys.argv[1])).start()\n"
        "    print('up', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(run())\n",
        str(tmp_path / "node"),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
    )
    assert starter.stdout is not None
    assert await starter.stdout.readline() == b"up\n"
    node = PrivateNode(tmp_path / "node")
    processes, ports = _processes(node), node.ports
    starter.send_signal(signal.SIGKILL)
    await starter.wait()
    await _assert_nothing_left(processes, ports)


@pytest.fixture
async def foreign_epmd() -> AsyncIterator[int]:
    """Somebody else's port mapper; gives its port."""
    (port,) = free_ports(1)
    program = shutil.which("epmd")
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program, "-port", str(port), "-address", "127.0.0.1"
    )
    async with asyncio.timeout(10):
        while is_free(port):
            await asyncio.sleep(0.02)
    yield port
    assert process.returncode is None, "the node must not have ended it"
    process.terminate()
    await process.wait()


async def test_a_foreign_port_mapper_is_neither_used_nor_stopped(
    foreign_epmd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERL_EPMD_PORT", str(foreign_epmd))
    async with PrivateNode(tmp_path / "node") as node:
        assert str(node.amqp_port) in await _epmd_names(node.ports[3])
        assert str(node.amqp_port) not in await _epmd_names(foreign_epmd)
    assert "up and running" in await _epmd_names(foreign_epmd)


async def _epmd_names(port: int) -> str:
    """What the port mapper on ``port`` answers to the request for all names (NAMES_REQ)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x00\x01n")
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return f"up and running on {int.from_bytes(answer[:4])}: {answer[4:].decode()}"


def _knows_queue(folder: Path, name: bytes) -> bool:
    return any(name in names.read_bytes() for names in folder.rglob("names.dets"))


def _processes(node: PrivateNode) -> list[Process]:
    """Every process whose environment names the node's own port mapper."""
    mark = f"ERL_EPMD_PORT={node.ports[3]}".encode()
    own = Process.of(os.getpid())
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if mark in environment:
            found.append(Process.of(int(entry.name)))
    assert own not in found
    assert len(found) >= 2, "the broker and its port mapper"
    return found


async def _assert_nothing_left(processes: list[Process], ports: tuple[int, ...]) -> None:
    for process in processes:
        assert await process.gone(within=10), f"{process} is still there"
    assert all(is_free(port) for port in ports)


async def _broker_command(action: str, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "axisd.simulator.broker", action, str(folder), cwd=CHECKOUT
    )
    assert await process.wait() == 0
