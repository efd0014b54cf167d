"""`axisd national`: how the axis stands with the national axis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger.store import database
from axisd.adapters.vxp.client import Bounds, VxpClient
from axisd.cli.circuits import Broken, in_words, interrupted, say_exits
from axisd.cli.exits import Exit
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.national_failed import failed
from axisd.cli.national_reconcile import reconcile
from axisd.cli.output import note, paint, say, say_json, visible
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.config.model import NationalSettings
from axisd.core.envelope import Kind
from axisd.core.records import OutboxSummary
from axisd.core.zone import wire_time
from axisd.errors import ConfigError, Problem, TransientError


@click.group(
    cls=AxisGroup,
    examples=[
        ("national status", "whether it answers, and what waits on either side"),
        ("national reconcile", "what its lists and the ledger differ in"),
        ("national failed", "what came from there and did not become a document here"),
    ],
)
def national() -> None:
    """The national axis."""


national.add_command(reconcile)
national.add_command(failed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What it answered: items that wait for us by kind; or why there is no answer."""

    waiting: dict[str, int]
    trouble: TransientError | None
    seconds: float


@national.command(
    "status",
    examples=[
        ("national status", "whether it answers, and what waits on either side"),
        ("national status --json", "for machines"),
    ],
)
@config_option
@json_option
def status(config: Path, as_json: bool) -> int:
    """Ask the national axis what waits for us, and the ledger what waits for it.

    Exit code 0 when it answers, 69 when it cannot be reached, 75 when its answer is of no use, 78 when
    this axis is not joined to it.
    """
    settings = load(config)
    if settings.national is None:
        problem = Problem(str(config), 0, "there is no section national: this axis is not joined")
        raise ConfigError((problem,))
    asked = finish(_ask(settings.national))
    backlog = finish(_backlog(settings.ledger.folder))
    broken = finish(interrupted(settings.control.socket))
    if as_json:
        say_json(_json(settings.national, asked, backlog) | {"circuits": _circuits(broken)})
    else:
        _print(settings.national, asked, backlog, broken)
        say_exits({"uplink": broken["uplink"]} if broken and "uplink" in broken else {}, as_json)
    if asked.trouble is None:
        return Exit.DONE
    note(f"axisd: {visible(str(asked.trouble))}", "bad")
    note(
        "  mend:  national.url, national.system_id and its secret; the way to it; then its operator"
    )
    return asked.trouble.exit_code


async def _ask(settings: NationalSettings) -> _Asked:
    clock = SystemClock()
    began = clock.monotonic()
    waiting: dict[str, int] = {}
    trouble: TransientError | None = None
    bounds = Bounds(deadline=settings.timeout.total_seconds())
    secret = settings.secret_file.value.get_secret_value()
    url = settings.url.get_secret_value()
    async with VxpClient(url, settings.system_id, secret, clock, bounds) as client:
        try:
            for kind in Kind:
                waiting[kind] = await client.count(kind)
        except TransientError as error:
            trouble = error
    return _Asked(waiting, trouble, clock.monotonic() - began)


async def _backlog(folder: Path) -> list[OutboxSummary]:
    """What waits for the national axis; nothing where the ledger has not been made yet."""
    if not database(folder).is_file():
        return []
    async with ledger_at(folder) as reader:
        summaries = await reader.outbox_summary()
    return [item for item in summaries if item.destination.startswith("national:")]


def _circuits(broken: Broken) -> list[dict[str, object]] | None:
    """What does not leave for the national axis just now; None where no daemon runs that could tell."""
    if broken is None:
        return None
    ours = ("uplink", "national:")
    return [dict(one) for name, one in broken.items() if name.startswith(ours)]


def _place(settings: NationalSettings) -> str:
    """The address without any password in it."""
    parts = urlsplit(settings.url.get_secret_value())
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _oldest(backlog: list[OutboxSummary]) -> str | None:
    times = [item.oldest for item in backlog if item.oldest is not None]
    return wire_time(min(times)) if times else None


def _json(
    settings: NationalSettings, asked: _Asked, backlog: list[OutboxSummary]
) -> dict[str, object]:
    return {
        "url": _place(settings),
        "system_id": settings.system_id,
        "reachable": asked.trouble is None,
        "trouble": str(asked.trouble) if asked.trouble else None,
        "seconds": round(asked.seconds, 3),
        "waiting_for_us": asked.waiting,
        "backlog": {
            "rows": sum(item.waiting for item in backlog),
            "held": sum(item.held for item in backlog),
            "oldest": _oldest(backlog),
            "destinations": {item.destination: item.waiting for item in backlog},
        },
    }


def _print(
    settings: NationalSettings, asked: _Asked, backlog: list[OutboxSummary], broken: Broken
) -> None:
    answers = (
        paint(f"answers in {asked.seconds * 1000:.0f} ms", "good")
        if asked.trouble is None
        else paint("does not answer", "bad")
    )
    say(f"national axis  {_place(settings)} as {settings.system_id}: {answers}")
    for kind, count in asked.waiting.items():
        say(f"waits for us   {count} of kind {kind}")
    rows = sum(item.waiting for item in backlog)
    oldest = _oldest(backlog)
    say(f"waits for it   {rows} deliveries{f', the oldest since {oldest}' if oldest else ''}")
    for item in backlog:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in item.reasons.items())
        circuit = in_words(broken, item.destination)
        why = f", {visible(reasons)}" if reasons else ""
        shut = "" if circuit in {"closed", "–"} else f", {circuit}"
        say(f"  {visible(item.destination)}: {item.waiting}{why}{shut}")
