"""`axisd config`: the configuration, read by the daemon's own loader."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json
from axisd.config.load import Configuration, load, read
from axisd.core.zone import day_of
from axisd.errors import ConfigError, Problem
from axisd.web.control import ControlClient


@click.group(
    cls=AxisGroup,
    examples=[
        ("config check", "all problems at once, with file and line"),
        ("config reload", "make the running daemon read it again"),
    ],
)
def config() -> None:
    """Check the configuration, and make the daemon read it again."""


@config.command(
    "check",
    examples=[
        ("config check", "read /etc/axisd/axisd.yaml and all that it names"),
        ("config check --config axisd.yaml --json", "the same for another file, for machines"),
    ],
)
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Read the configuration as the daemon does and say everything that is wrong with it.

    Exit code 0 when the daemon would start with it, 78 when it would not.
    """
    try:
        loaded = read(config, day=day_of(SystemClock().now()))
        receipts = loaded.settings.receipts
        keyring.load(receipts.key, receipts.certificate)
    except ConfigError as error:
        if as_json:
            say_json(
                {"valid": False, "problems": list(map(_facts, error.problems)), "warnings": []}
            )
        raise
    if as_json:
        say_json(_json(loaded))
        return
    directory = loaded.view.directory
    say(
        f"{config} {paint('is good', 'good')}: {len(directory.agencies)} agencies, "
        f"{len(directory.systems)} systems, {len(loaded.view.trust.authorities)} authorities, "
        f"national axis {'joined' if loaded.view.national else 'not joined'}"
    )
    for kind, count in Counter(warning.kind for warning in loaded.warnings).items():
        first = next(warning for warning in loaded.warnings if warning.kind == kind)
        others = f" (and {count - 1} more: axisd directory check --all)" if count > 1 else ""
        note(f"warning: {first.problem}{others}", "warn")


@config.command(
    "reload",
    examples=[
        ("config reload", "read it again; a bad one is refused and the good one stays in use")
    ],
)
@config_option
@json_option
def reload(config: Path, as_json: bool) -> None:
    """Make the running daemon read its configuration again, and wait for the verdict.

    Exit code 0 when the new configuration is in use, 78 when it is bad (the old one stays), 69 when no
    daemon runs. Settings that wait for a restart are named.
    """
    try:
        answer = finish(ControlClient(load(config).control.socket).ask("reload"))
    except ConfigError:
        note("not in use: a running daemon keeps the configuration that it has", "warn")
        raise
    if as_json:
        say_json(answer)
        return
    say(f"in use: version {answer.get('version')}, {answer.get('agencies')} agencies")
    for name in answer.get("waits_for_restart", ()):
        note(f"{name} changes with the next restart: systemctl restart axisd", "warn")


def _json(loaded: Configuration) -> dict[str, Any]:
    return {
        "valid": True,
        "problems": [],
        "warnings": [{"kind": item.kind} | _facts(item.problem) for item in loaded.warnings],
        "agencies": len(loaded.view.directory.agencies),
        "systems": len(loaded.view.directory.systems),
        "settings": loaded.settings.model_dump(mode="json"),
    }


def _facts(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "text": problem.text}
