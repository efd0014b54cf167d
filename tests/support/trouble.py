"""Trouble made from outside, for as long as a block lasts: no failpoint in the axis is needed."""

from __future__ import annotations

import asyncio
import re
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from axisd.simulator.province import VHOST, Province
from tests.support.amqp import ctl
from tests.support.proxy import Proxy


@asynccontextmanager
async def without_inbox(province: Province, agency: str) -> AsyncIterator[None]:
    """The inbox of `agency` is gone from the broker."""
    path = f"queues/{VHOST}/agency.{agency}.inbox"
    await province.node.api("DELETE", path)
    try:
        yield
    finally:
        arguments = {"x-queue-type": "quorum"}
        await province.node.api("PUT", path, {"durable": True, "arguments": arguments})


@asynccontextmanager
async def locked_ledger(province: Province) -> AsyncIterator[None]:
    """Nobody can write to the ledger; everybody can read it."""
    connection = sqlite3.connect(province.folder / "ledger" / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@asynccontextmanager
async def no_space(province: Province) -> AsyncIterator[None]:
    """No file that the running axisd has can grow, as on a full disk."""
    assert province.axisd is not None, "axisd runs"
    pid = province.axisd.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@asynccontextmanager
async def through(province: Province, proxy: Proxy) -> AsyncIterator[None]:
    """An axisd that starts reaches the broker through `proxy`."""
    file = province.folder / "amqp.url"
    direct = file.read_text(encoding="utf-8")
    file.write_text(
        direct.replace(f":{province.node.amqp_port}", f":{proxy.port}"), encoding="utf-8"
    )
    try:
        yield
    finally:
        file.write_text(direct, encoding="utf-8")


@contextmanager
def amended(province: Province, name: str, change: Callable[[str], str]) -> Iterator[None]:
    """A file of the configuration is another; who runs must be told to reload."""
    file = province.folder / name
    before = file.read_text(encoding="utf-8")
    file.write_text(change(before), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


async def power_cut(province: Province) -> None:
    """The broker is gone at once; `node.start` brings it back with all that it had confirmed.

    RabbitMQ 3.10 writes late that a new quorum queue exists, and one cut off before is never led again.
    """
    rows = await province.node.api("GET", f"queues/{VHOST}?columns=name")
    names = {row["name"].encode() for row in rows}
    async with asyncio.timeout(30):
        while not names <= await asyncio.to_thread(_written, province.folder / "broker", names):
            await asyncio.sleep(0.2)
    await province.node.kill()


def _written(folder: Path, names: set[bytes]) -> set[bytes]:
    files = [file.read_bytes() for file in folder.rglob("names.dets")]
    return {name for name in names if any(name in file for file in files)}


@asynccontextmanager
async def full_inbox(province: Province, agency: str) -> AsyncIterator[None]:
    """The inbox of `agency` takes one message and no more."""
    path = f"policies/{VHOST}/full"
    await province.node.api(
        "PUT",
        path,
        {
            "pattern": f"^agency\\.{re.escape(agency)}\\.inbox$",
            "definition": {"max-length": 1, "overflow": "reject-publish"},
            "priority": 200,
            "apply-to": "queues",
        },
    )
    try:
        yield
    finally:
        await province.node.api("DELETE", path)


@asynccontextmanager
async def memory_alarm(province: Province) -> AsyncIterator[None]:
    """The broker takes nothing from anybody who publishes."""
    folder = province.folder / "broker"
    await ctl(folder, "set_vm_memory_high_watermark", "absolute", "1000000")
    try:
        yield
    finally:
        await ctl(folder, "set_vm_memory_high_watermark", "0.4")
