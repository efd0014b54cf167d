"""`axisd simulate agency`: a province on a laptop, for whoever builds an agency's system."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any, Final

import click

from axisd.cli.frame import AxisCommand, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_table, visible
from axisd.config.shipped import shipped_agencies
from axisd.core.directory import Channel
from axisd.simulator.agency.sandbox import EXAMINER, OWN, PLAYED, Sandbox
from axisd.simulator.agency.script import Habits

_CODES: Final = ("01", "03", "04", "05", "06")


@click.command(
    cls=AxisCommand,
    examples=[
        ("simulate agency --folder sandbox", "an axis, counterparts, and an account of your own"),
        (
            "simulate agency --folder sandbox --channel vxp",
            "your system speaks to the VXP door instead of AMQP",
        ),
        ("simulate agency --folder sandbox --every 10", "and a document for you every 10 seconds"),
        (
            "simulate agency --folder sandbox --refuse 'Sai thẩm quyền'",
            "the counterparts refuse what you send",
        ),
    ],
)
@click.option(
    "--folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything lies; made if it is not there, and gone on with if it is.",
)
@click.option("--agency", default=OWN, show_default=True, metavar="CODE", help="Your own agency.")
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel]),
    default=Channel.AMQP.value,
    show_default=True,
    help="How your own system connects.",
)
@click.option(
    "--every",
    type=click.FloatRange(0, 86_400),
    default=0.0,
    metavar="SECONDS",
    help="A document for you so often. [default: one at the start]",
)
@click.option(
    "--answers",
    default="01,03",
    show_default=True,
    metavar="CODES",
    help=f"The statuses that the counterparts give, of {', '.join(_CODES)}.",
)
@click.option("--refuse", metavar="WORDS", help="They refuse (02) instead, with these words.")
@click.option("--disagree", is_flag=True, help="They answer recalls and changes with 16, not 15.")
@json_option
def agency(
    folder: Path,
    agency: str,
    channel: str,
    every: float,
    answers: str,
    refuse: str | None,
    disagree: bool,
    as_json: bool,
) -> None:
    """Run a province on this machine until SIGTERM or Ctrl-C: an axis, its counterparts, an account for you.

    Starts a private RabbitMQ node, a simulated national axis and axisd; enrols your agency and prints its
    account, key and addresses; plays two departments and a ministry, which answer what you send. State and
    credentials are kept in the folder. Loopback only: for tests, never for anybody's real documents. Needs
    RabbitMQ installed (apt-get install rabbitmq-server), not running.
    """
    codes = tuple(code.strip() for code in answers.split(",") if code.strip())
    if wrong := [code for code in codes if code not in _CODES]:
        raise click.UsageError(f"--answers has {wrong[0]!r}; it takes {', '.join(_CODES)}")
    _usable(agency)
    habits = Habits(codes=codes, refusal=refuse or "", agrees=not disagree)
    finish(_run(folder, agency, Channel(channel), habits, every, as_json=as_json))


def _usable(code: str) -> None:
    known = {one.code for one in shipped_agencies()}
    taken = {played for _, played in (*PLAYED, EXAMINER)}
    if code in taken:
        raise click.UsageError(f"{code} is played by the sandbox; choose another --agency")
    if code not in known:
        raise click.UsageError(
            f"{code} is not in the directory that ships with axisd: axisd directory list"
        )


async def _run(
    folder: Path, code: str, channel: Channel, habits: Habits, every: float, *, as_json: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    note("starting a private RabbitMQ node, the national axis and axisd …")
    async with Sandbox.opened(folder, agency=code, channel=channel) as sandbox:
        facts = sandbox.facts()
        if as_json:
            # One line: whoever started this reads it while it goes on.
            say(json.dumps(facts, ensure_ascii=False))
        else:
            _print(facts)
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(sandbox.play(habits, _observed, every=every))
            stopping = group.create_task(stop.wait())
            await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
            playing.cancel()
            stopping.cancel()
    note(f"stopped; {folder} keeps its state, and the same command goes on with it")


def _observed(text: str) -> None:
    note(visible(text), "dim")


def _print(facts: dict[str, Any]) -> None:
    own = facts["own"]
    say(paint(f"Your agency {own['agency']} {own['name']}", "strong"))
    broker = facts["amqp"]
    over = {
        "amqp": [
            ("broker", f"{broker['host']}:{broker['port']}, vhost {broker['vhost']}"),
            ("account", own["account"]),
            ("password", own.get("password", "")),
            ("address in one", own.get("url_file", "")),
            ("queues", f"agency.{own['agency']}.inbox, agency.{own['agency']}.receipts"),
        ],
        "vxp": [
            ("base URL", own.get("url", "")),
            ("systemid", own.get("systemid", "")),
            ("secret", own.get("secret", "")),
            ("from", own["agency"]),
        ],
        "edoc": [
            ("base URL", own.get("url", "")),
            ("organid", own.get("organid", "")),
            ("authorization", own.get("secret", "")),
        ],
    }[own["channel"]]
    signs = [
        ("key", own["key"]),
        ("certificate", own["certificate"]),
        ("authority", facts["trust"]),
        ("receipts signed by", facts["receipt_certificate"]),
    ]
    for name, value in (*over, *signs):
        say(f"  {name:<19}{value}")
    say()
    say_table(
        ("WRITE TO", "NAME", "PLAYED AS"),
        [
            *((one["agency"], one["name"], "a department here") for one in facts["counterparts"]),
            (facts["ministry"]["agency"], "Bộ (mô phỏng)", "a ministry, over the national axis"),
        ],
    )
    note(f"metrics and health: {facts['http']}; everything of this: {facts['folder']}/sandbox.json")
    note(f"look inside: axisd document trace ID --config {facts['config']}")
    note(f"is your system right? axisd conformance run --sandbox {facts['folder']}")
    note("Ctrl-C ends it")
