"""How a system stands now, as far as the ledger and RabbitMQ can be asked: for `axisd system show`.

What cannot be asked is None, and said to be unknown; nothing here fails for it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from axisd.adapters.amqp.topology import served
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import LedgerReader
from axisd.adapters.ledger.store import database
from axisd.cli.administration import admin_of
from axisd.cli.loop import finish
from axisd.cli.reading import ledger_at
from axisd.cli.system_broker import Live, look, queues_for
from axisd.config.load import Configuration
from axisd.core.directory import Channel, System
from axisd.core.zone import wire_time
from axisd.errors import AxisError, ConfigError

_BACK: Final = timedelta(days=90)
"""How far back a last hand-in is looked for."""


def state_of(loaded: Configuration, system: System, management: Path | None) -> dict[str, Any]:
    """What is known of it now; `unknown` says what could not be asked, and why."""
    unknown: list[str] = []
    facts: dict[str, Any] = dict.fromkeys(("waiting", "mailboxes", "outstanding", "last_hand_in"))
    if database(loaded.settings.ledger.folder).is_file():
        try:
            facts |= finish(_in_ledger(loaded, system))
        except AxisError as error:
            unknown.append(f"ledger: {error}")
    else:
        unknown.append("ledger: there is none yet")
    facts |= {"connections": None, "queues": None}
    if system.channel is Channel.AMQP:
        try:
            live = _on_broker(loaded, system, management)
        except ConfigError:
            unknown.append("RabbitMQ: amqp.management_url is not set")
        except AxisError as error:
            unknown.append(str(error))
        else:
            facts |= {"connections": live.connections, "queues": _queues(live)}
    return {**facts, "unknown": unknown}


def waiting_for(loaded: Configuration, system: System) -> dict[str, int]:
    """How many deliveries and receipts have not been placed yet, by the agency that they are for."""
    if not database(loaded.settings.ledger.folder).is_file():
        return {}
    return finish(_waiting(loaded, system))


def in_mailboxes(loaded: Configuration, system: System) -> dict[str, dict[str, int]]:
    """What lies in the mailboxes of its agencies, by agency and state; agencies without anything are left out."""
    if not database(loaded.settings.ledger.folder).is_file():
        return {}

    async def asked() -> dict[str, dict[str, int]]:
        async with ledger_at(loaded.settings.ledger.folder) as reader:
            return await _items(reader, served(loaded.view.directory, system))

    return finish(asked())


async def _items(reader: LedgerReader, codes: Collection[str]) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for found in await reader.mailboxes.summary():
        if found.inbox in codes:
            counted.setdefault(found.inbox, {})[found.state] = found.items
    return counted


async def _waiting(loaded: Configuration, system: System) -> dict[str, int]:
    codes = served(loaded.view.directory, system)
    counted = dict.fromkeys(codes, 0)
    async with ledger_at(loaded.settings.ledger.folder) as reader:
        for item in await reader.outbox_summary():
            route, _, code = item.destination.partition(":")
            if code in counted and route in {"local", "receipts"}:
                counted[code] += item.waiting + item.held
    return counted


async def _in_ledger(loaded: Configuration, system: System) -> dict[str, Any]:
    codes = served(loaded.view.directory, system)
    since = SystemClock().now() - _BACK
    waiting = await _waiting(loaded, system)
    async with ledger_at(loaded.settings.ledger.folder) as reader:
        items = await _items(reader, codes)
        left = await reader.outstanding()
        last = await reader.last_hand_in(codes, since)
    return {
        "waiting": waiting,
        "mailboxes": items,
        "outstanding": sum(left.get(code, 0) for code in codes),
        "last_hand_in": _time(last),
    }


def _on_broker(loaded: Configuration, system: System, management: Path | None) -> Live:
    queues = queues_for(loaded.view.directory, system)
    vhost = loaded.settings.amqp.vhost
    return finish(look(admin_of(loaded, management), vhost, system.account, queues))


def _queues(live: Live) -> dict[str, dict[str, int]]:
    return {
        queue: {"messages": messages, "consumers": consumers}
        for queue, (messages, consumers) in live.queues.items()
    }


def _time(at: datetime | None) -> str | None:
    return wire_time(at) if at is not None else None
