"""What `axisd system` does on RabbitMQ, through its management API, for one account and nothing else.

Permissions go first, connections after them: the broker asks for permissions only when a connection begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from axisd.adapters.amqp import Definitions, Management
from axisd.adapters.amqp.topology import password_hash, queues_of, render_system, served
from axisd.cli.administration import Admin
from axisd.cli.exits import BadInput
from axisd.config.load import Configuration
from axisd.core.directory import Directory, System
from axisd.errors import UnavailableError

NO_PASSWORD = ""
"""The hash of an account that logs in with its certificate alone (EXTERNAL)."""


@dataclass(frozen=True, slots=True)
class Live:
    """How an account stands with the broker now: connections, and by queue what waits and who reads."""

    connections: int
    queues: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of an account's connections and queues; `kept` hold messages, or could not be looked into."""

    closed: int
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def part_of(
    loaded: Configuration, account: str, password: str | None = None, *, external: bool = False
) -> Definitions:
    """What RabbitMQ has to have for one account; with a new password, or none at all if `external`."""
    hashes = {account: NO_PASSWORD if external else password_hash(password or "")}
    return render_system(
        loaded.view.directory,
        account,
        vhost=loaded.settings.amqp.vhost,
        hashes=hashes if external or password is not None else None,
    )


def queues_for(directory: Directory, system: System) -> list[str]:
    """Inboxes and receipts of its agencies."""
    return [queue for code in served(directory, system) for queue in queues_of(code)]


async def require_free(admin: Admin, vhost: str, account: str) -> None:
    """Raises BadInput for an account that the broker has for something else: enrolling would take its password
    and its tags away."""
    async with Management(admin.url, vhost=vhost) as management:
        if why := await management.other_use(account):
            raise BadInput(
                f"{admin.place} has an account {account} for something else: {why}",
                mend="name the system otherwise",
            )


async def make(admin: Admin, vhost: str, part: Definitions, *, revoke: str = "") -> int:
    """Makes it so; `revoke`: closes the account's connections for this reason. How many were closed here."""
    account = part["users"][0]["name"]
    async with Management(admin.url, vhost=vhost) as management:
        open_before = await management.connections(account)
        await management.apply(part)  # this closes what it finds, where permissions change
        return max(open_before, await management.revoke(account, revoke)) if revoke else 0


async def remove(admin: Admin, vhost: str, account: str, queues: Iterable[str]) -> Removed:
    """Takes the account away, its connections, and of `queues` those that hold nothing."""
    deleted: list[str] = []
    kept: list[str] = []
    async with Management(admin.url, vhost=vhost) as management:
        open_before = await management.connections(account)
        await management.delete_account(account)
        closed = max(open_before, await management.revoke(account, "removed"))
        for queue in queues:
            try:
                gone = await management.delete_empty_queue(queue)
            except UnavailableError:
                gone = False  # an administrator who may not look into it: whatever it holds stays
            (deleted if gone else kept).append(queue)
    return Removed(closed, tuple(deleted), tuple(kept))


async def look(admin: Admin, vhost: str, account: str, queues: Iterable[str]) -> Live:
    """How it stands now."""
    async with Management(admin.url, vhost=vhost) as management:
        facts = await management.queues()
        connections = await management.connections(account)
    there = {queue: facts[queue] for queue in queues if queue in facts}
    return Live(
        connections, {queue: (found.messages, found.consumers) for queue, found in there.items()}
    )
