"""`axisd national reconcile`: what the national axis's lists and the ledger differ in; and the runs on record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import Bounds, VxpClient
from axisd.cli.exits import BadInput, Exit
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import Configuration, read
from axisd.config.model import NationalSettings
from axisd.core.interconnection import Trigger
from axisd.core.reconciliation import EXPLAINED, HEALED, MEANING, Difference
from axisd.core.zone import day_of
from axisd.errors import ConfigError, Problem
from axisd.service.compare import compare
from axisd.service.reconcile import run_of, start_of, start_on, told
from axisd.web.control import ControlClient

_PATIENCE: Final = 3600.0
"""Seconds that a run may take."""
_SHOWN: Final = 50
"""Differences of one kind shown to people at most."""


@click.command(
    "reconcile",
    cls=AxisCommand,
    examples=[
        ("national reconcile", "compare as far back as the nights do, heal what is safe"),
        ("national reconcile --dry-run", "only compare; works without a running daemon too"),
        ("national reconcile --since 2026-11-01", "from the beginning of that day on"),
        ("national reconcile --json", "for machines: every difference"),
    ],
)
@click.option(
    "--since",
    metavar="DAY",
    help="Look further back than the nights: from this day on, such as 2026-11-26.",
)
@click.option("--dry-run", is_flag=True, help="Compare only: heal nothing, put nothing on record.")
@config_option
@json_option
def reconcile(since: str | None, dry_run: bool, config: Path, as_json: bool) -> int:
    """Compare what was sent and received with the national axis's lists.

    What can be healed without risk is healed by the running daemon, and the run is put on record, as each night.
    Exit code 0 when nothing is left, 65 when differences stand or not everything could be compared, 69 when
    the daemon cannot be reached, 75 when another run is under way or the national axis is away (with --dry-run: 65).
    """
    loaded = read(config, day=day_of(SystemClock().now()))
    settings = joined(loaded, config)
    start = _start(since, settings)
    if dry_run:
        run = finish(_compared(loaded, settings, start))
    else:
        client = ControlClient(loaded.settings.control.socket, _PATIENCE)
        run = finish(client.ask("reconcile", since=since))
    if as_json:
        say_json(run)
    else:
        _print(run, dry_run=dry_run)
    return Exit.DONE if run["outcome"] == "clean" else Exit.REFUSED


def joined(loaded: Configuration, config: Path) -> NationalSettings:
    """The section `national`. Raises ConfigError where there is none."""
    settings = loaded.settings.national
    if settings is None:
        problem = Problem(str(config), 0, "there is no section national: this axis is not joined")
        raise ConfigError((problem,))
    return settings


def _start(day: str | None, settings: NationalSettings) -> datetime:
    now, days = SystemClock().now(), settings.reconcile.days
    if day is None:
        return start_of(now, days)
    try:
        return start_on(day, now, days)
    except ValueError as wrong:
        mend = "write it as year, month, day: 2026-11-26"
        raise BadInput(f"{day!a:.40} is no day until today", mend=mend) from wrong


async def _compared(
    loaded: Configuration, settings: NationalSettings, start: datetime
) -> dict[str, Any]:
    """What a run would find, without the daemon."""
    clock = SystemClock()
    began = clock.now()
    client = VxpClient(
        settings.url.get_secret_value(),
        settings.system_id,
        settings.secret_file.value.get_secret_value(),
        clock,
        Bounds(deadline=settings.timeout.total_seconds()),
    )
    async with client, ledger_at(loaded.settings.ledger.folder) as reader:
        made = await compare(client, reader, loaded.view, since=start, began=began)
    return told(run_of(made, Trigger.OPERATOR, began, start))


def _print(run: dict[str, Any], *, dry_run: bool) -> None:
    since = datetime.fromisoformat(run["since"])
    say(f"since {since:%Y-%m-%d}")
    for name, sides in run["compared"].items():
        say(f"  {name:18} {sides['here']} here, {sides['there']} there")
    for name, why in run["incomplete"].items():
        say(f"  {name:18} {paint('not compared', 'bad')}: {visible(why)}")
    for kind in Difference:
        found = [one for one in run["differences"] if one["kind"] == kind]
        if found:
            _print_kind(kind, found, dry_run=dry_run)
    if run["outcome"] == "clean":
        note("nothing differs that was not healed", "good")
    elif dry_run:
        note("nothing was changed; axisd national reconcile heals what is safe")
    else:
        note("next: docs/how-to/reconcile.md says what to do about each kind")


def _print_kind(kind: Difference, found: list[dict[str, Any]], *, dry_run: bool) -> None:
    healed = sum(one["healed"] for one in found)
    state = (
        f"{healed} healed" if healed else "would be healed" if dry_run and kind in HEALED else ""
    )
    quiet = kind in EXPLAINED or healed == len(found)
    title = paint(str(kind), "good" if quiet else "bad")
    say(f"{title}: {len(found)}{f', {state}' if state else ''}")
    say(f"  {MEANING[kind]}")
    for one in found[:_SHOWN]:
        mark = " (healed)" if one["healed"] else ""
        say(f"  {visible(one['number']) or '–'}  {visible(one['what'])}{mark}")
    if (more := len(found) - _SHOWN) > 0:
        say(f"  and {more} more: --json lists them all")
