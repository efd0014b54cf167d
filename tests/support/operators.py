"""What an operator sees of a running axis: the log, the metrics, health."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from axisd.simulator.province import Province


async def fetch(province: Province, path: str) -> tuple[int, str]:
    """HTTP status and text of what axisd answers."""
    async with aiohttp.ClientSession() as session, session.get(province.http + path) as answer:
        return answer.status, await answer.text()


async def metric(province: Province, name: str, **labels: str) -> float:
    """The value of one sample; fails if there is no such sample."""
    _, text = await fetch(province, "/metrics")
    for family in text_string_to_metric_families(text):
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
    return (province.folder / "axisd.log").stat().st_size


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
