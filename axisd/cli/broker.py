"""`axisd broker`: RabbitMQ's topology and permissions, as the directory asks for them.

The daemon declares nothing; these commands are how the broker comes to look as it should. They never
delete a queue and never change one that is there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from axisd.adapters.amqp import Definitions, Management
from axisd.cli.administration import (
    Admin,
    admin_of,
    daemon_account,
    management_option,
    new_secret,
    read_now,
    wanted_of,
)
from axisd.cli.exits import BadInput, Exit
from axisd.cli.files import keep_secret
from axisd.cli.frame import AxisGroup, config_option, confirmed, json_option, yes_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json, say_table, visible
from axisd.config.load import Configuration


@click.group(
    cls=AxisGroup,
    examples=[
        ("broker render", "what RabbitMQ has to look like, as its own definitions"),
        ("broker check", "how it differs from that"),
        ("broker apply", "make it so, after asking"),
    ],
)
def broker() -> None:
    """Topology and permissions of RabbitMQ."""


@broker.command(
    "render",
    examples=[
        ("broker render > axis.json", "to be read, kept, or imported with rabbitmqctl"),
    ],
)
@config_option
def render_(config: Path) -> None:
    """Print the definitions that the directory asks for, as JSON for RabbitMQ.

    Vhost, accounts without passwords, permissions, exchange, queues, bindings, policies. Asks no broker.
    """
    say_json(wanted_of(read_now(config)))


@broker.command(
    "check",
    examples=[
        ("broker check", "every difference, in a sentence"),
        ("broker check --json", "for machines"),
    ],
)
@management_option
@config_option
@json_option
def check(management: Path | None, config: Path, as_json: bool) -> Exit:
    """Compare RabbitMQ with what the directory asks for: arguments and policies too.

    Exit code 0 when nothing differs, 65 when something does, 69 when RabbitMQ cannot be asked.
    """
    loaded = read_now(config)
    state = finish(_look(admin_of(loaded, management), loaded))
    if as_json:
        say_json({"vhost": loaded.settings.amqp.vhost, "differences": state.differences})
    else:
        _print(state.differences)
    return Exit.REFUSED if state.differences else Exit.DONE


@broker.command(
    "apply",
    examples=[
        ("broker apply --dry-run", "what would be done"),
        ("broker apply", "do it, after asking; passwords of new accounts are printed once"),
        ("broker apply --yes --passwords FILE", "from a script; passwords into FILE (0600)"),
        ("broker apply --reset-password ACCOUNT", "give a system a new password"),
    ],
)
@click.option("--dry-run", is_flag=True, help="Say what differs; change nothing.")
@click.option(
    "--passwords",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write new passwords into this new file (0600) instead of on stdout.",
)
@click.option(
    "--reset-password", "reset", multiple=True, metavar="ACCOUNT", help="Give it a new password."
)
@click.option("--remove-guest", is_flag=True, help="Remove the account guest, known to everybody.")
@click.option(
    "--revoke-others", is_flag=True, help="Take the vhost from accounts that belong to no system."
)
@management_option
@yes_option
@config_option
@json_option
def apply(
    dry_run: bool,
    passwords: Path | None,
    reset: tuple[str, ...],
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
    **beyond: bool,
) -> None:
    """Make RabbitMQ what the directory asks for: what is missing, permissions, policies.

    Accounts that are new get a password, which is shown once and kept nowhere; those that are there keep
    theirs. No queue is deleted or changed. Connections of accounts whose permissions change are closed.
    """
    loaded = read_now(config)
    admin = admin_of(loaded, management)
    _known(reset, wanted_of(loaded))
    state = finish(_look(admin, loaded))
    if not as_json:
        _print(state.differences)
    if not dry_run and not confirmed(f"Make {admin.place} so?", yes=yes):
        return
    fresh = {} if dry_run else _new_passwords(loaded, {*state.missing, *reset})
    shown = {account: word for account, word in fresh.items() if account != daemon_account(loaded)}
    if passwords is not None and shown:
        # Before they are set: a password that nobody has is worse than one that is not set.
        keep_secret(passwords, json.dumps(shown, indent=2) + "\n")
    left = state.differences
    if not dry_run:
        left = finish(_make(admin, loaded, fresh, **beyond))
    if as_json:
        told = shown if passwords is None else dict.fromkeys(shown)
        say_json(
            {"applied": not dry_run, "found": state.differences, "left": left, "passwords": told}
        )
    elif not dry_run:
        _tell(admin, shown, passwords, left)


@dataclass(frozen=True, slots=True)
class _State:
    """How the broker differs, and which accounts it lacks."""

    differences: list[str]
    missing: list[str]


async def _look(admin: Admin, loaded: Configuration) -> _State:
    wanted = wanted_of(loaded)
    async with Management(admin.url, vhost=loaded.settings.amqp.vhost) as management:
        differences = await management.check(wanted)
        there = await management.accounts()
    return _State(differences, [row["name"] for row in wanted["users"] if row["name"] not in there])


async def _make(
    admin: Admin, loaded: Configuration, fresh: dict[str, str], **beyond: bool
) -> list[str]:
    """Applies, and returns what differs still."""
    async with Management(admin.url, vhost=loaded.settings.amqp.vhost) as management:
        await management.apply(wanted_of(loaded, fresh), **beyond)
        return await management.check(wanted_of(loaded))


def _known(accounts: Sequence[str], wanted: Definitions) -> None:
    names = {row["name"] for row in wanted["users"]}
    for account in accounts:
        if account not in names:
            raise BadInput(
                f"{account} is no account of a system in the directory",
                mend=f"there are: {', '.join(sorted(names))}",
            )


def _new_passwords(loaded: Configuration, accounts: set[str]) -> dict[str, str]:
    """Drawn for systems; for the daemon's own account the one that it will log in with."""
    fresh = {account: new_secret() for account in sorted(accounts)}
    if daemon_account(loaded) in fresh:
        own = urlsplit(loaded.settings.amqp.connection_url()).password
        del fresh[daemon_account(loaded)]
        if own is not None:
            fresh[daemon_account(loaded)] = unquote(own)
    return fresh


def _print(differences: Sequence[str]) -> None:
    for difference in differences:
        say(visible(difference))
    count = len(differences)
    if count:
        note(f"{count} difference{'' if count == 1 else 's'}", "warn")
    else:
        note("RabbitMQ is what the directory asks for", "good")


def _tell(admin: Admin, shown: dict[str, Any], passwords: Path | None, left: Sequence[str]) -> None:
    note(f"{admin.place} was made so", "good")
    if shown and passwords is None:
        say()
        say_table(("ACCOUNT", "PASSWORD"), sorted(shown.items()))
        note("these passwords are shown once and kept nowhere: hand them over now", "warn")
    elif shown:
        note(f"{len(shown)} new passwords are in {passwords}: hand them over, then remove it")
    for difference in left:
        note(f"{paint('left', 'warn')}: {visible(difference)}")
    if left:
        note("what is left is for you to decide: --remove-guest, --revoke-others, or by hand")
