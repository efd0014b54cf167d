"""Trouble made from outside, for as long as a block lasts: no failpoint in the axis is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from axisd.simulator.province import VHOST, Province
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
