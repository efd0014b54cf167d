"""`axisd system suspend` and `resume`: shut a system out at once, and let it in again.

From the daemon's reload on, what it hands in is refused, whatever the door; on RabbitMQ its permissions go
and its open connections are closed. Nothing that waits for its agencies is touched: deliveries go on into its
inboxes and its mailbox, and wait there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from axisd.cli.administration import Admin, admin_of, read_now
from axisd.cli.frame import AxisCommand
from axisd.cli.loop import finish
from axisd.cli.system_broker import make, part_of
from axisd.cli.system_file import Change, enrolled, plan, reload_daemon
from axisd.cli.system_told import Manner, standing_options
from axisd.config.edit_systems import with_setting, without_setting
from axisd.config.load import Configuration
from axisd.core.directory import Channel
from axisd.errors import UnavailableError


@click.command(
    "suspend",
    cls=AxisCommand,
    examples=[
        ("system suspend finance", "at once, open connections too"),
        ("system suspend finance --dry-run", "what would change"),
    ],
)
@standing_options
def suspend(
    account: str,
    no_broker: bool,
    dry_run: bool,
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Shut a system out at once: it can neither hand in nor fetch, and its connections are closed.

    What is for its agencies goes on waiting. Twice is as good as once.
    """
    loaded = read_now(config)
    admin = _admin(loaded, account, management, no_broker=no_broker)
    change = plan(loaded, lambda text: with_setting(text, account, "suspended", "true"))
    manner = Manner(dry_run, yes, as_json)
    facts: dict[str, Any] = {"account": account, "suspended": True}
    preview = [f"{change.file}: {account} is suspended"]
    if admin is not None:
        preview.append(f"{admin.place}: {account} may do nothing, and its connections are closed")
    if not manner.goes_on(f"Shut {account} out?", facts, *preview):
        return
    change.carry_out()
    answer = reload_daemon(loaded)
    closed = _on_broker(admin, change, account, revoke="suspended")
    manner.tell(
        {**facts, "connections_closed": closed, **answer},
        *_closed(change, account, closed),
        f"next: axisd system resume {account} lets it in again; what waits for it: axisd system show {account}",
    )


@click.command(
    "resume",
    cls=AxisCommand,
    examples=[("system resume finance", "with the password or secret that it had")],
)
@standing_options
def resume(
    account: str,
    no_broker: bool,
    dry_run: bool,
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Let a suspended system in again, with the password or secret that it had."""
    loaded = read_now(config)
    admin = _admin(loaded, account, management, no_broker=no_broker)
    change = plan(loaded, lambda text: without_setting(text, account, "suspended", "false"))
    manner = Manner(dry_run, yes, as_json)
    facts: dict[str, Any] = {"account": account, "suspended": False}
    preview = [f"{change.file}: {account} is not suspended any more"]
    if admin is not None:
        preview.append(f"{admin.place}: {account} has its permissions again")
    if not manner.goes_on(f"Let {account} in again?", facts, *preview):
        return
    change.carry_out()
    answer = reload_daemon(loaded)
    # What it opened meanwhile remembers that it may do nothing.
    closed = _on_broker(admin, change, account, revoke="resumed")
    manner.tell(
        {**facts, "connections_closed": closed, **answer},
        f"if its secret may be known to others: axisd system rotate {account}",
    )


def _admin(
    loaded: Configuration, account: str, management: Path | None, *, no_broker: bool
) -> Admin | None:
    """The management API where the account has something there."""
    over_amqp = enrolled(loaded, account).channel is Channel.AMQP
    return admin_of(loaded, management) if over_amqp and not no_broker else None


def _on_broker(admin: Admin | None, change: Change, account: str, *, revoke: str) -> int | None:
    """How many connections were closed; None where RabbitMQ was left alone."""
    if admin is None:
        return None
    vhost = change.before.settings.amqp.vhost
    try:
        return finish(make(admin, vhost, part_of(change.after, account), revoke=revoke))
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}. {account} is {revoke} for the axis, and RabbitMQ has not done its part: run the same again"
        ) from error


def _closed(change: Change, account: str, closed: int | None) -> list[str]:
    if closed is not None:
        return [f"{closed} connections of {account} were closed"]
    if change.directory.systems[account].channel is not Channel.AMQP:
        return []
    vhost = change.before.settings.amqp.vhost
    return [
        f"RabbitMQ still lets it in: rabbitmqctl set_permissions -p {vhost} {account} '^$' '^$' '^$'",
        f"and then: rabbitmqctl close_all_user_connections {account} suspended",
    ]
