"""`axisd simulate`: stands in for what an axis talks to, so that partners can try theirs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Final

import click

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.cli.frame import AxisGroup, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say, say_table
from axisd.config.shipped import shipped_agencies
from axisd.core.envelope import Organization
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.national import RunningAxis, Seed, serve
from axisd.simulator.national.peer import Peer
from axisd.simulator.national.sandbox import sandbox

_PEER: Final = "00.14.W00"
_PEER_AGENCY: Final = Organization("000.00.00.G14", name="Bộ")


@click.group(
    cls=AxisGroup,
    examples=[("simulate national --folder sandbox", "a national axis of one's own, until Ctrl-C")],
)
def simulate() -> None:
    """Sandboxes."""


@simulate.command(
    "national",
    examples=[
        (
            "simulate national --folder sandbox",
            "Tây Ninh's agencies and a ministry, to try things out",
        ),
        ("simulate national --folder sandbox --answer", "and the ministry answers with statuses"),
        (
            "simulate national --folder sandbox --seed seed.json --port 8080",
            "with agencies of one's own",
        ),
    ],
)
@click.option(
    "--folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its state lies; made if it is not there.",
)
@click.option(
    "--seed",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON with centres, agencies and behaviour, instead of the sandbox's own.",
)
@click.option("--host", default=ADDRESS, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on. [default: a free one]"
)
@click.option(
    "--answer", is_flag=True, help=f"Play centre {_PEER}: answer with statuses 01 and 03."
)
@json_option
def national(
    folder: Path, file: Path | None, host: str, port: int | None, answer: bool, as_json: bool
) -> None:
    """Run a simulated national axis until SIGTERM or Ctrl-C.

    Prints its address and the credentials for partners once it answers. State and credentials are kept in
    the folder. It speaks plain HTTP: for tests, never for anybody's real documents.
    """
    seed = Seed.read(file) if file is not None else sandbox(shipped_agencies(), folder)
    if answer and _PEER not in {centre.system_id for centre in seed.centres}:
        raise click.UsageError(f"--answer plays centre {_PEER}, which the seed does not have")
    finish(_serve(folder, seed, host, port, answer=answer, as_json=as_json))


async def _serve(
    folder: Path, seed: Seed, host: str, port: int | None, *, answer: bool, as_json: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with await serve(folder, host, port, seed) as axis, asyncio.TaskGroup() as group:
        playing = group.create_task(_play(axis, seed)) if answer else None
        _say(axis, seed, folder, as_json)
        await stop.wait()
        if playing is not None:
            playing.cancel()


async def _play(axis: RunningAxis, seed: Seed) -> None:
    """The peer centre, until cancelled."""
    secret = next(centre.secret for centre in seed.centres if centre.system_id == _PEER)
    clock = SystemClock()
    async with VxpClient(axis.url, _PEER, secret, clock) as client:
        peer = Peer(client, clock, _PEER_AGENCY)
        while True:
            if taken := await peer.look():
                note(f"{_PEER} answered {taken} items")
            for trouble in peer.troubles:
                note(f"{_PEER}: {trouble}", "warn")
            peer.troubles.clear()
            peer.heard.clear()
            await asyncio.sleep(0.5)


def _say(axis: RunningAxis, seed: Seed, folder: Path, as_json: bool) -> None:
    count = Counter(agency.centre for agency in seed.agencies)
    if as_json:
        # One line: whoever started this reads it while it goes on.
        say(json.dumps(_json(axis, seed, folder, count), ensure_ascii=False))
        return
    say(f"simulated national axis at {axis.url}")
    say()
    say_table(
        ("SYSTEM ID", "SECRET", "AGENCIES", "NAME"),
        [
            (centre.system_id, centre.secret, str(count[centre.system_id]), centre.name)
            for centre in seed.centres
        ],
    )
    note(f"for an axis: national.url {axis.url}, system_id and secret from above")
    note(f"what it keeps: {axis.url}/-/state; Ctrl-C ends it, {folder} keeps it")


def _json(axis: RunningAxis, seed: Seed, folder: Path, count: Counter[str]) -> dict[str, object]:
    return {
        "url": axis.url,
        "pid": os.getpid(),
        "folder": str(folder),
        "centres": [
            {
                "system_id": centre.system_id,
                "secret": centre.secret,
                "name": centre.name,
                "agencies": count[centre.system_id],
            }
            for centre in seed.centres
        ],
    }
