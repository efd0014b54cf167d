"""The doctor's look at what runs: ledger, broker, national axis, daemon. Asks, and changes nothing.

Every look has a deadline, and one that fails does not keep the others from being taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from axisd.adapters.amqp import Endpoint, Management, render
from axisd.adapters.amqp.connection import close, open_connection
from axisd.adapters.amqp.management import QueueFacts
from axisd.adapters.amqp.topology import DEAD, INTAKE, URGENT, queues_of
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import LedgerReader
from axisd.adapters.ledger.store import database
from axisd.adapters.vxp.client import Bounds, VxpClient
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, skipped, warning
from axisd.cli.reading import ledger_at
from axisd.config.load import Configuration
from axisd.config.model import Settings
from axisd.core.directory import Channel
from axisd.core.envelope import Kind
from axisd.core.view import View
from axisd.core.zone import wire_time
from axisd.errors import AxisError
from axisd.web.probe import readiness

_SECONDS: Final = 20.0
_BEHIND: Final = timedelta(seconds=2)
_OLD: Final = timedelta(hours=1)
_SHOWN: Final = 5
_LATE_SECONDS: Final = 6
"""How late the broker's statistics are at most: a consumer that has just come shows only then."""


async def look_at_services(
    settings: Settings, loaded: Configuration | None, now: datetime
) -> list[Finding]:
    """All of them at once. `loaded` is None where the directory cannot be used."""
    looks: list[tuple[str, Callable[[], Awaitable[list[Finding]]]]] = [
        ("ledger", lambda: _ledger(settings, now)),
        ("broker", lambda: _broker(settings)),
        ("topology", lambda: look_at_queues(settings, loaded)),
        ("national axis", lambda: _national(settings)),
        ("daemon", lambda: look_at_daemon(settings)),
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(bounded(name, look, MEND[name])) for name, look in looks]
    return [finding for task in tasks for finding in task.result()]


async def bounded(
    name: str,
    look: Callable[[], Awaitable[list[Finding]]],
    mend: str,
    *,
    seconds: float = _SECONDS,
) -> list[Finding]:
    """What `look` finds; a look that fails, or takes longer than `seconds`, is itself a finding."""
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except TimeoutError:
        return [failed(name, f"no answer in {seconds:g} s", mend, Exit.UNAVAILABLE)]
    except AxisError as error:
        return [failed(name, str(error), mend, error.exit_code)]


MEND: Final = {
    "ledger": "stop axisd, keep the folder as it is, run: axisd ledger verify",
    "broker": "is RabbitMQ running, and are address and account in amqp.url right? A new account is made "
    "by: axisd broker apply",
    "topology": "is the management plugin enabled, and are address and account in amqp.management_url right?",
    "national axis": "the address, the secret, the way to it; then its operator. Documents wait meanwhile",
    "daemon": "systemctl status axisd; journalctl -u axisd",
}


async def _ledger(settings: Settings, now: datetime) -> list[Finding]:
    folder = settings.ledger.folder
    if not database(folder).is_file():
        return [skipped("ledger", f"none in {folder} yet; the daemon makes it")]
    async with ledger_at(folder) as reader:
        await reader.check_tail()
        return [await _newest(reader, now), await look_at_outbox(reader, now)]


async def _newest(reader: LedgerReader, now: datetime) -> Finding:
    last = await reader.newest()
    if last is None:
        return good("ledger", "it is empty")
    if last.at - now > _BEHIND:
        return failed(
            "ledger",
            f"its newest entry is of {wire_time(last.at)}, and the clock says {wire_time(now)}",
            "the clock was turned back, or was wrong before: set it right, then find out since when",
            Exit.INTEGRITY,
        )
    return good(
        "ledger", f"{last.position} entries, the newest of {wire_time(last.at)}; its tail holds"
    )


async def look_at_outbox(reader: LedgerReader, now: datetime) -> Finding:
    """What waits there, and since when."""
    late = [
        item
        for item in await reader.outbox_summary()
        if item.held or (item.oldest is not None and now - item.oldest > _OLD)
    ]
    if not late:
        return good("outbox", "nothing waits for long")
    names = listed([f"{item.destination} ({item.waiting + item.held})" for item in late])
    return warning(
        "outbox", f"waits for more than an hour, or is held: {names}", "axisd outbox list"
    )


async def _broker(settings: Settings) -> list[Finding]:
    endpoint = Endpoint(settings.amqp.connection_url(), name="axisd doctor")
    await close(await open_connection(endpoint, "doctor"))
    return [good("broker", f"{endpoint} lets {endpoint.account} in")]


async def look_at_queues(settings: Settings, loaded: Configuration | None) -> list[Finding]:
    """Topology, consumers, dead letters: what only the management API tells."""
    url = settings.amqp.management()
    if url is None:
        return [skipped("topology", "amqp.management_url is not set")]
    if loaded is None:
        return [skipped("topology", "the directory cannot be used")]
    directory, vhost = loaded.view.directory, settings.amqp.vhost
    daemon = Endpoint(settings.amqp.connection_url()).account
    async with Management(url, vhost=vhost) as management:
        differences = await management.check(render(directory, vhost=vhost, daemon_user=daemon))
        queues = await management.queues()
        for _ in range(_LATE_SECONDS):
            if not _idle(queues):
                break
            await asyncio.sleep(1)
            queues = await management.queues()
    return [
        _topology(differences),
        _intake(queues),
        _inboxes(queues, loaded.view),
        _dead(queues),
    ]


def _topology(differences: list[str]) -> Finding:
    if not differences:
        return good("topology", "RabbitMQ is what the directory asks for")
    mend = "axisd broker check names all of them, axisd broker apply mends most"
    return failed("topology", listed(differences, "; "), mend, Exit.REFUSED)


def _idle(queues: dict[str, QueueFacts]) -> list[str]:
    return [name for name in (INTAKE, URGENT) if name in queues and not queues[name].consumers]


def _intake(queues: dict[str, QueueFacts]) -> Finding:
    idle = _idle(queues)
    if not idle:
        return good("intake", "is consumed")
    waiting = sum(queues[name].messages for name in idle)
    return failed(
        "intake",
        f"nobody takes from {' and '.join(idle)}, where {waiting} submissions wait",
        "start the daemon: systemctl start axisd",
        Exit.UNAVAILABLE,
    )


def _inboxes(queues: dict[str, QueueFacts], view: View) -> Finding:
    """Inboxes that nobody reads: the agency's system is down, or was never connected."""
    directory = view.directory
    codes = {
        directory.canonical(code)
        for system in directory.systems.values()
        if system.channel is Channel.AMQP
        for code in system.agencies
    } - {view.probe}
    unread = {
        code: queues[queues_of(code)[0]].messages
        for code in sorted(codes)
        if queues_of(code)[0] in queues and not queues[queues_of(code)[0]].consumers
    }
    if not unread:
        return good("inboxes", f"all {len(codes)} are read")
    names = listed([f"{code} ({count} wait)" for code, count in unread.items()])
    told = f"{len(unread)} of {len(codes)} are not read: {names}"
    # A system that looks in by the hour has no consumer between two looks: only what waits matters.
    if not any(unread.values()):
        return good("inboxes", told)
    return warning("inboxes", told, "ask those agencies' operators")


def _dead(queues: dict[str, QueueFacts]) -> Finding:
    dead = queues.get(DEAD)
    if dead is None or not dead.messages:
        return good("dead letters", "none")
    return failed(
        "dead letters",
        f"{dead.messages} in {DEAD}: what crashed us, or was never taken",
        f"look at them in RabbitMQ's management, queue {DEAD}; keep them and report them",
        Exit.INTEGRITY,
    )


async def _national(settings: Settings) -> list[Finding]:
    national = settings.national
    if national is None:
        return [skipped("national axis", "this axis is not joined to it")]
    clock = SystemClock()
    secret = national.secret_file.value.get_secret_value()
    url = national.url.get_secret_value()
    bounds = Bounds(deadline=_SECONDS / 2, connect=_SECONDS / 4)
    async with VxpClient(url, national.system_id, secret, clock, bounds) as client:
        counts = [f"{await client.count(kind)} of kind {kind}" for kind in Kind]
    return [good("national axis", f"answers; for us wait {', '.join(counts)}")]


async def look_at_daemon(settings: Settings) -> list[Finding]:
    """Whether it says that it is ready."""
    checks = await readiness(settings.http.listen)
    wrong = [f"{check.name} ({check.detail})" for check in checks if not check.passed]
    if wrong:
        return [
            failed("daemon", f"not ready: {', '.join(wrong)}", MEND["daemon"], Exit.UNAVAILABLE)
        ]
    return [good("daemon", f"ready: {', '.join(check.name for check in checks)}")]


def listed(items: list[str], mark: str = ", ") -> str:
    """The first of them, and how many more there are."""
    more = f"{mark}and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return mark.join(items[:_SHOWN]) + more
