"""`axisd system remove`: take a system out: its row, its secret, its account and connections.

Nothing that was sent to its agencies is thrown away. Queues that hold messages stay, and so do those into
which something is still to be placed; what lies there, and what waits in the outbox or the mailbox, is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from axisd.adapters.amqp.topology import queues_of, served
from axisd.cli.administration import Admin, admin_of, read_now
from axisd.cli.frame import AxisCommand
from axisd.cli.loop import finish
from axisd.cli.system_broker import Removed, remove
from axisd.cli.system_file import Change, enrolled, plan, reload_daemon
from axisd.cli.system_state import in_mailboxes, waiting_for
from axisd.cli.system_told import Manner, standing_options
from axisd.config.edit_systems import without_row
from axisd.config.load import Configuration
from axisd.core.directory import Channel, System
from axisd.errors import UnavailableError


@click.command(
    "remove",
    cls=AxisCommand,
    examples=[
        ("system remove finance --dry-run", "what would go, and what waits for its agencies"),
        ("system remove finance", "after asking"),
    ],
)
@standing_options
def remove_(
    account: str,
    no_broker: bool,
    dry_run: bool,
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Take a system out: row, secret, account, connections. Queues that are not empty stay.

    Its agencies are reached by nobody from then on, unless another system serves them or an intake receives
    for them: see axisd directory check.
    """
    loaded = read_now(config)
    system = enrolled(loaded, account)
    over_amqp = system.channel is Channel.AMQP
    admin = admin_of(loaded, management) if over_amqp and not no_broker else None
    change = plan(loaded, lambda text: without_row(text, account))
    secrets = _unused_secrets(change, account)
    change = plan(loaded, lambda text: without_row(text, account), dropped=secrets)
    waiting, items = waiting_for(loaded, system), in_mailboxes(loaded, system)
    manner = Manner(dry_run, yes, as_json)
    facts: dict[str, Any] = {
        "account": account,
        "channel": system.channel,
        "agencies": list(system.agencies),
        "waiting": waiting,
        "mailboxes": items,
    }
    if not manner.goes_on(
        f"Remove {account}?", facts, *_preview(change, account, admin), *_left(waiting, items)
    ):
        return
    change.carry_out()
    answer = reload_daemon(loaded)
    removed = None
    if admin is not None:
        queues = _spare_queues(loaded, system, waiting, answer)
        removed = _from_broker(admin, loaded, account, queues)
    manner.tell({**facts, **_facts(removed), **answer}, *_next(account, system, removed))


def _unused_secrets(change: Change, account: str) -> tuple[Path, ...]:
    """The file of its secret, unless another system has the same, or systemd hands it over."""
    mine = change.before.sources.enrolment.secret_files.get(account)
    others = {file.path for file in change.after.sources.enrolment.secret_files.values()}
    if mine is None or mine.path in others or change.file.parent not in mine.path.parents:
        return ()
    return (mine.path,)


def _spare_queues(
    loaded: Configuration, system: System, waiting: Mapping[str, int], answer: Mapping[str, Any]
) -> list[str]:
    """Queues that nothing will be placed in any more, as far as can be known."""
    running_as_before = not answer["reloaded"] and "no daemon" not in str(answer["why"])
    if running_as_before:
        return []
    directory = loaded.view.directory
    free = [code for code in served(directory, system) if not waiting.get(code)]
    return [queue for code in free for queue in queues_of(code)]


def _from_broker(
    admin: Admin, loaded: Configuration, account: str, queues: Sequence[str]
) -> Removed:
    try:
        return finish(remove(admin, loaded.settings.amqp.vhost, account, queues))
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}. The row is gone and the axis refuses {account}, but RabbitMQ still lets it in:"
            f" rabbitmqctl delete_user {account}; rabbitmqctl close_all_user_connections {account} removed"
        ) from error


def _facts(removed: Removed | None) -> dict[str, Any]:
    if removed is None:
        return {"connections_closed": None, "queues_deleted": [], "queues_kept": []}
    return {
        "connections_closed": removed.closed,
        "queues_deleted": list(removed.deleted),
        "queues_kept": list(removed.kept),
    }


def _preview(change: Change, account: str, admin: Admin | None) -> list[str]:
    lines = [f"{change.file}: the row of {account} goes"]
    lines += [f"{file}: its secret goes" for file in change.dropped]
    if admin is not None:
        lines.append(
            f"{admin.place}: its account goes, its connections are closed, empty queues too"
        )
    return lines


def _left(waiting: Mapping[str, int], items: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """What was sent to its agencies and has not reached them."""
    for code, count in waiting.items():
        if count:
            yield f"{code}: {count} still to be placed; tried until they expire: axisd outbox list"
    for code, states in items.items():
        told = ", ".join(f"{count} {state}" for state, count in states.items())
        yield f"{code}: in its mailbox {told}; kept for the next system behind a door"


def _next(account: str, system: System, removed: Removed | None) -> list[str]:
    if removed is not None:
        kept = [f"{queue} stays: it is not known to be empty" for queue in removed.kept]
        return [
            f"{removed.closed} connections of {account} were closed",
            *kept,
            *(
                ["axisd broker check goes on naming them until they are emptied and deleted"]
                * bool(kept)
            ),
        ]
    if system.channel is Channel.AMQP:
        return [
            f"RabbitMQ still lets it in: rabbitmqctl delete_user {account}",
            f"and then: rabbitmqctl close_all_user_connections {account} removed",
        ]
    return []
