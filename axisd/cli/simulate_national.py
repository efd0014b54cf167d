"""`axisd simulate national`: a national axis of one's own, well or badly behaved, with provinces that answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

import click

from axisd.cli.frame import AxisCommand, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say, say_table
from axisd.config.shipped import shipped_agencies, shipped_first_level
from axisd.simulator.alone import alone
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.national import Conduct, RunningAxis, Seed, serve
from axisd.simulator.national.agenda import Agenda
from axisd.simulator.national.cast import play
from axisd.simulator.national.country import MINISTRY
from axisd.simulator.national.sandbox import sandbox
from axisd.simulator.national.script import Script, Scripts

_JSON: Final = click.Path(path_type=Path)


@click.command(
    "national",
    cls=AxisCommand,
    examples=[
        (
            "simulate national --folder sandbox",
            "a dozen centres with thousands of agencies, to try things out",
        ),
        ("simulate national --folder sandbox --answer", "and a ministry answers with statuses"),
        (
            "simulate national --folder sandbox --fault delay=10m..15m --virtual",
            "minutes from sender to recipient, on a clock that is advanced over the control",
        ),
        (
            "simulate national --folder sandbox --fault server-errors=5% --fault duplicates=5%",
            "an axis that fails now and then, and delivers twice",
        ),
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
    type=_JSON,
    metavar="FILE",
    help="JSON with centres, agencies and behaviour, instead of the sandbox's own.",
)
@click.option(
    "--centres",
    type=click.IntRange(2, 200),
    default=12,
    show_default=True,
    help="How many centres a new sandbox has.",
)
@click.option("--host", default=ADDRESS, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on. [default: a free one]"
)
@click.option(
    "--answer", is_flag=True, help=f"Play centre {MINISTRY}: answer with statuses 01 and 03."
)
@click.option(
    "--script",
    type=_JSON,
    metavar="FILE",
    help="JSON with what other centres answer, and when.",
)
@click.option(
    "--behaviour", type=_JSON, metavar="FILE", help="JSON with how it behaves, for all or one."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="One thing of that behaviour; CENTRE/NAME[=VALUE] for one centre. Repeat for more.",
)
@click.option("--dice", type=int, help="The number that everything drawn starts from. [default: 0]")
@click.option(
    "--virtual", is_flag=True, help="Its time stands still until it is advanced over the control."
)
@json_option
def national(
    folder: Path,
    file: Path | None,
    centres: int,
    host: str,
    port: int | None,
    answer: bool,
    script: Path | None,
    behaviour: Path | None,
    faults: Sequence[str],
    dice: int | None,
    virtual: bool,
    as_json: bool,
) -> None:
    """Run a simulated national axis until SIGTERM or Ctrl-C.

    Prints its address and the credentials for partners once it answers. State and credentials are kept in
    the folder. It speaks plain HTTP: for tests, never for anybody's real documents. What it does badly, and
    how to change that while it runs: docs/reference/simulator.md.
    """
    seed = _seed(folder, file, centres, dice or 0)
    conduct = Conduct.of_file(behaviour) if behaviour else seed.conduct
    known = {centre.system_id for centre in seed.centres}
    conduct = conduct.with_faults(faults).among(known, "the behaviour")
    if dice is not None:
        conduct = conduct.model_copy(update={"dice": dice})
    scripts = _scripts(seed, script, conduct.dice, answer=answer)
    with alone(folder):
        serving = serve(folder, host, port, seed, conduct=conduct, virtual=virtual)
        finish(_serve(serving, folder, seed, scripts, as_json=as_json))


def _seed(folder: Path, file: Path | None, centres: int, dice: int) -> Seed:
    if file is not None:
        return Seed.read(file)
    listed, first_level = shipped_agencies(), shipped_first_level()
    return sandbox(listed, first_level, folder, centres=centres, dice=dice)


def _scripts(seed: Seed, file: Path | None, dice: int, *, answer: bool) -> Scripts:
    known = {centre.system_id for centre in seed.centres}
    scripts = Scripts.of_file(file, known) if file else Scripts(dice=dice)
    if not answer or MINISTRY in scripts.centres:
        return scripts
    if MINISTRY not in known:
        raise click.UsageError(f"--answer plays centre {MINISTRY}, which the seed does not have")
    return scripts.model_copy(update={"centres": {**scripts.centres, MINISTRY: Script()}})


async def _serve(
    serving: Coroutine[Any, Any, RunningAxis],
    folder: Path,
    seed: Seed,
    scripts: Scripts,
    *,
    as_json: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with await serving as axis:
        agenda = Agenda(folder)
        try:
            async with asyncio.TaskGroup() as group:
                playing = group.create_task(play(axis, seed, scripts, agenda, _tell))
                _say(axis, seed, folder, as_json)
                await stop.wait()
                playing.cancel()
        finally:
            agenda.close()


def _tell(sentence: str, wrong: bool) -> None:
    note(sentence, "warn" if wrong else None)


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
    note(f"how it behaves: {axis.url}/-/behaviour; its time: {axis.url}/-/clock")


def _json(axis: RunningAxis, seed: Seed, folder: Path, count: Counter[str]) -> dict[str, object]:
    return {
        "url": axis.url,
        "pid": os.getpid(),
        "folder": str(folder),
        "behaviour": axis.faults.conduct.plain(),
        "virtual": axis.clock.virtual,
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
