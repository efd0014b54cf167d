"""What an operator sees of a running axis: the log, the metrics, health."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from axisd.simulator.province import Province


async def fetch(province: Province, path: str) -> tuple[int, str]:
    """HTTP status and text of what axisd answers."""
    async with aiohttp.ClientSession() as session, session.get(province.http + path) as answer:
        return answer.status, await answer.text()


def prometheus_families(text: str) -> list[Metric]:
    """The families in Prometheus text; fails if it is none."""
    return list(text_string_to_metric_families(text))


def openmetrics_families(text: str) -> list[Metric]:
    """The families in OpenMetrics; its parser is the strict one."""
    return list(openmetrics.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


async def metric(province: Province, name: str, **labels: str) -> float:
    """The value of one sample; fails if there is no such sample."""
    _, text = await fetch(province, "/metrics")
    for family in prometheus_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    raise AssertionError(f"{name}{labels} is not among the metrics")


async def checks(province: Province) -> dict[str, tuple[bool, str]]:
    """The named checks of `/-/ready`."""
    status, text = await fetch(province, "/-/ready")
    listed = {check["name"]: (check["ok"], check["detail"]) for check in json.loads(text)}
    assert (status == 200) == all(ok for ok, _ in listed.values())
    return listed


def log_lines(province: Province, since: int = 0) -> list[dict[str, Any]]:
    """Every line of axisd's log from byte `since` on; each of them is one JSON object."""
    text = (province.folder / "axisd.log").read_bytes()[since:].decode()
    lines = [json.loads(line) for line in text.split("\n") if line]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def log_size(province: Province) -> int:
    """Where the log ends now."""
    log = province.folder / "axisd.log"
    return log.stat().st_size if log.exists() else 0


async def until_async(holds: Callable[[], Awaitable[bool]], within: float = 20) -> None:
    """Looks again and again until `holds`; fails after `within` seconds."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.1)


async def until_logged(
    province: Province, wanted: Callable[[dict[str, Any]], bool], since: int, within: float = 20
) -> dict[str, Any]:
    """The first line of the log from byte `since` on that is `wanted`."""
    async with asyncio.timeout(within):
        while True:
            for line in log_lines(province, since):
                if wanted(line):
                    return line
            await asyncio.sleep(0.1)


class Systemd:
    """The other end of `$NOTIFY_SOCKET`: every datagram, as lines of `NAME=value`."""

    def __init__(self, path: Path) -> None:
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"}
        self.said: list[dict[str, str]] = []
        self._path = path
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        """Until cancelled."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as bound:
            bound.bind(str(self._path))
            loop = asyncio.get_running_loop()
            while True:
                content = await loop.sock_recv(bound, 4096)
                async with self._news:
                    pairs = (line.partition("=") for line in content.decode().split("\n"))
                    self.said.append({name: value for name, _, value in pairs})
                    self._news.notify_all()

    def count(self, name: str) -> int:
        """How often it was told."""
        return sum(name in message for message in self.said)

    async def until(self, name: str, count: int = 1, within: float = 20) -> dict[str, str]:
        """The datagram with which `name` was told for the `count`-th time."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: self.count(name) >= count)
        return [message for message in self.said if name in message][count - 1]
