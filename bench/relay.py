"""The yardstick: how many messages a second a bare relay moves, and how many our doors do.

A relay consumes a message, publishes three (confirmed, mandatory, persistent, to quorum queues)
and acknowledges. `bare` does it with aio-pika and nothing else; `doors` with AmqpIntake and
AmqpPublisher, and nothing between them. Each runs in a process of its own, the load in another,
the broker in a third, as the daemon's own benchmark does: its ratio is against `bare`.

    python -m bench.relay            both, in turns, on a private node
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aio_pika
import uvloop

from axisd.adapters.amqp import AmqpIntake, AmqpPublisher, Bounds, Endpoint
from axisd.adapters.clock import SystemClock
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.submission import Submission
from axisd.ports import Delivered, Message
from axisd.simulator.broker import PrivateNode

SOURCE: Final = "axis.intake"
TARGETS: Final = ("agency.bench.inbox", "agency.bench.receipts", "agency.other.receipts")
QUEUES: Final = (SOURCE, "axis.intake.urgent", *TARGETS)
HEADERS: Final = {
    "axis-submission": "01932f3e-7c00-7000-8000-000000000000",
    "axis-from": "000.00.11.H53",
    "axis-to": "000.00.13.H53",
    "axis-digest": "sha256:" + "0" * 64,
    "axis-legal-value": "original",
    "axis-signature": "verified",
    "axis-received-at": "2026-11-22T09:15:00.123+07:00",
}


@dataclass(frozen=True)
class Load:
    """What is moved: `messages` of `size` bytes; receipts have `receipt` bytes."""

    messages: int = 6000
    size: int = 10 * 1024
    receipt: int = 4 * 1024
    prefetch: int = 64
    in_flight: int = 50


class Count:
    """Counts what was acknowledged, from the first on."""

    def __init__(self, messages: int) -> None:
        self.done = asyncio.Event()
        self._left = messages
        self._messages = messages
        self._began = 0.0
        self._cpu = 0.0

    def tick(self) -> None:
        if self._left == self._messages:
            self._began, self._cpu = time.perf_counter(), time.process_time()
        self._left -= 1
        if not self._left:
            self.done.set()

    def result(self) -> dict[str, float]:
        seconds = time.perf_counter() - self._began
        cpu = time.process_time() - self._cpu
        moved = self._messages - 1
        return {"per_second": moved / seconds, "cpu_ms": 1000 * cpu / moved, "seconds": seconds}


async def run(node: PrivateNode, *, load: Load | None = None, kind: str = "bare") -> dict[str, Any]:
    """Moves `load` over a fresh vhost of `node`. Returns messages a second and CPU ms a message."""
    load = load or Load()
    async with node.vhost(f"bench-{kind}") as vhost:
        for queue in QUEUES:
            await node.api(
                "PUT",
                f"queues/{vhost}/{queue}",
                {"durable": True, "arguments": {"x-queue-type": "quorum"}},
            )
        url = node.amqp_url(vhost)
        async with _process(kind, url, load) as relay:
            assert relay.stdout is not None
            ready = await relay.stdout.readline()
            assert ready == b"ready\n", ready
            async with _process("load", url, load):
                answer = await relay.stdout.read()
    result: dict[str, Any] = json.loads(answer)
    return {"kind": kind, "load": vars(load), **result}


@contextlib.asynccontextmanager
async def _process(kind: str, url: str, load: Load) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.relay",
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"url": url, "load": vars(load)}).encode())
    process.stdin.close()
    try:
        yield process
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def bare(url: str, load: Load) -> dict[str, float]:
    """aio-pika and nothing else."""
    count = Count(load.messages)
    receipt = bytes(load.receipt)
    incoming, outgoing = await aio_pika.connect(url), await aio_pika.connect(url)
    async with incoming, outgoing:
        source = await incoming.channel()
        await source.set_qos(prefetch_count=load.prefetch)
        queue = await source.declare_queue(SOURCE, passive=True)
        target = await outgoing.channel(on_return_raises=True)

        async def forward(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            for number, name in enumerate(TARGETS):
                copy = aio_pika.Message(
                    receipt if number else message.body,
                    headers=dict(HEADERS),
                    content_type="application/xml",
                    correlation_id="000.00.11.H53,2026/11/22,1/STC",
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=f"{message.message_id}-{number}",
                    type="document",
                )
                await target.default_exchange.publish(copy, routing_key=name, mandatory=True)
            await message.ack()
            count.tick()

        await queue.consume(forward)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await count.done.wait()
        return count.result()


async def doors(url: str, load: Load) -> dict[str, float]:
    """Our intake and our publisher, and nothing between them."""
    count = Count(load.messages)
    receipt = bytes(load.receipt)
    clock, telemetry = SystemClock(), RecordingTelemetry()
    endpoint = Endpoint(url)
    bounds = Bounds(prefetch=load.prefetch)
    intake = AmqpIntake(endpoint, clock=clock, telemetry=telemetry, bounds=bounds)
    async with AmqpPublisher(endpoint, clock=clock, telemetry=telemetry) as publisher:
        await publisher.connected.wait()

        async def forward(submission: Submission) -> None:
            for number, name in enumerate(TARGETS):
                message = Message(
                    queue=name,
                    message_id=f"{submission.id}-{number}",
                    body=receipt if number else submission.body,
                    type="document",
                    correlation_id="000.00.11.H53,2026/11/22,1/STC",
                    timestamp=submission.received_at,
                    headers=HEADERS,
                )
                if await publisher.publish(message) is not Delivered.CONFIRMED:
                    raise AssertionError("not confirmed")
            count.tick()

        async with asyncio.TaskGroup() as group:
            taking = group.create_task(intake.run(forward))
            await intake.wait_consuming()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await count.done.wait()
            result = count.result()
            await intake.drain()
            taking.cancel()
        assert not telemetry.troubles, telemetry.troubles
        return result


async def publish_load(url: str, load: Load) -> None:
    """Fills the source as fast as the broker confirms."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        numbers = iter(range(load.messages))
        body = bytes(range(256)) * (load.size // 256)

        async def publish() -> None:
            for number in numbers:
                message = aio_pika.Message(
                    body,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=str(number),
                    content_type="application/xml",
                )
                await channel.default_exchange.publish(message, routing_key=SOURCE)

        async with asyncio.TaskGroup() as group:
            for _ in range(load.in_flight):
                group.create_task(publish())


async def _child(kind: str) -> None:
    asked = json.loads(sys.stdin.read())
    url, load = asked["url"], Load(**asked["load"])
    if kind == "load":
        await publish_load(url, load)
    else:
        sys.stdout.write(json.dumps(await (bare if kind == "bare" else doors)(url, load)))


async def _both(rounds: int, load: Load) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with PrivateNode(Path(folder)) as node:
            for _ in range(rounds):
                for kind in ("bare", "doors"):
                    result = await run(node, load=load, kind=kind)
                    print(f"{kind:6} {result['per_second']:7.0f}/s {result['cpu_ms']:6.3f} ms CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description="The bare relay, and our doors beside it.")
    parser.add_argument("kind", nargs="?", choices=("bare", "doors", "load"), help="(a child)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=Load.size)
    parser.add_argument("--messages", type=int, default=Load.messages)
    words = parser.parse_args()
    if words.kind:
        uvloop.run(_child(words.kind))
    else:
        load = replace(Load(), size=words.size, messages=words.messages)
        asyncio.run(_both(words.rounds, load))


if __name__ == "__main__":
    main()
