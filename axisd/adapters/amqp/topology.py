"""What RabbitMQ has to look like for a directory: pure, from values to definitions.

Definitions are RabbitMQ's own format (management API, `rabbitmqctl import_definitions`), so that an
operator can read, keep and import them without us. The daemon itself declares nothing.

* Queue type is an argument, everything else a policy, so that it can change without a new queue.
* No alternate exchange: it would turn the return of an unroutable message into a confirm.
* Names in permissions are written out and escaped. RabbitMQ's `{username}` is not escaped, and in
  a pattern the dot of `H26.01` would match `H26x01` too.
* Passwords are not in it; `users` carries salted hashes where the caller gives them.

* An account that is suspended keeps its permissions' rows, and they permit nothing: it may log in, and
  neither submit nor read. What is for its agencies goes on waiting in their queues.

An agency without a system of its own gets no queue: what is for it goes to its intake's.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypedDict

from axisd.core.codes import derived_twin
from axisd.core.directory import Channel, Directory, System

SUBMIT: Final = "axis.submit"
INTAKE: Final = "axis.intake"
URGENT: Final = "axis.intake.urgent"
DEAD: Final = "axis.dead"

_QUORUM: Final = {"x-queue-type": "quorum"}
_NOTHING: Final = "^$"
_GIB: Final = 1024**3

_TO_DEAD: Final = {
    "overflow": "reject-publish",
    "dead-letter-exchange": "",
    "dead-letter-routing-key": DEAD,
    "dead-letter-strategy": "at-least-once",
}

INTAKE_POLICY: Final = {"delivery-limit": 20, "max-length-bytes": 20 * _GIB, **_TO_DEAD}
"""Twenty returns mean that it crashed us twenty times."""

AGENCY_POLICY: Final = {"delivery-limit": 1000, "max-length-bytes": 10 * _GIB, **_TO_DEAD}
"""A limit must be named: RabbitMQ 4 has one of 20 by default and drops what has nowhere to go. What an
agency's system could not take a thousand times is an operator's business, and is in `axis.dead`."""

DEAD_POLICY: Final = {"delivery-limit": 1_000_000, "overflow": "reject-publish"}
"""Looking at a dead letter and putting it back must never drop it."""


class Definitions(TypedDict):
    """The parts of RabbitMQ's definitions that axisd has a say in; nothing else is ever touched."""

    vhosts: list[dict[str, Any]]
    users: list[dict[str, Any]]
    permissions: list[dict[str, str]]
    topic_permissions: list[dict[str, str]]
    exchanges: list[dict[str, Any]]
    queues: list[dict[str, Any]]
    bindings: list[dict[str, Any]]
    policies: list[dict[str, Any]]


def render(
    directory: Directory,
    *,
    vhost: str = "axis",
    daemon_user: str = "axisd",
    hashes: Mapping[str, str] | None = None,
) -> Definitions:
    """The topology for `directory`. `hashes`: password hashes by account (see `password_hash`).

    An account without a hash is created without a password and cannot log in with one until
    somebody sets it.
    """
    hashes = hashes or {}
    systems = sorted(_amqp_systems(directory), key=lambda system: system.account)
    agencies = sorted({code for system in systems for code in served(directory, system)})
    accounts = [daemon_user, *(system.account for system in systems)]
    queues = [INTAKE, URGENT, DEAD, *(queue for code in agencies for queue in queues_of(code))]
    return Definitions(
        vhosts=[{"name": vhost}],
        users=[_user(account, hashes.get(account)) for account in accounts],
        permissions=[
            _permission(
                daemon_user, vhost, write=r"^amq\.default$", read=_exactly([INTAKE, URGENT])
            ),
            *(_system_permission(directory, system, vhost) for system in systems),
        ],
        topic_permissions=[_topic_permission(directory, system, vhost) for system in systems],
        exchanges=[_exchange(vhost)],
        queues=[_queue(name, vhost) for name in queues],
        bindings=[_binding("normal.#", INTAKE, vhost), _binding("urgent.#", URGENT, vhost)],
        policies=[
            _policy("axis-intake", r"^axis\.intake(\.urgent)?$", INTAKE_POLICY, vhost),
            _policy("axis-agency", r"^agency\..+\.(inbox|receipts)$", AGENCY_POLICY, vhost),
            _policy("axis-dead", r"^axis\.dead$", DEAD_POLICY, vhost),
        ],
    )


def render_system(
    directory: Directory,
    account: str,
    *,
    vhost: str = "axis",
    hashes: Mapping[str, str] | None = None,
) -> Definitions:
    """The part of `render` that is one AMQP system's own: account, permissions, its agencies' queues."""
    system = directory.systems[account]
    queues = {queue for code in served(directory, system) for queue in queues_of(code)}
    whole = render(directory, vhost=vhost, hashes=hashes)
    return Definitions(
        vhosts=whole["vhosts"],
        users=[row for row in whole["users"] if row["name"] == account],
        permissions=[row for row in whole["permissions"] if row["user"] == account],
        topic_permissions=[row for row in whole["topic_permissions"] if row["user"] == account],
        exchanges=[],
        queues=[row for row in whole["queues"] if row["name"] in queues],
        bindings=[],
        policies=[],
    )


def queues_of(code: str) -> tuple[str, str]:
    """Inbox and receipts of the agency with this canonical code."""
    return f"agency.{code}.inbox", f"agency.{code}.receipts"


def served(directory: Directory, system: System) -> list[str]:
    """Canonical codes of the agencies behind `system`, in order, each once."""
    return sorted({directory.canonical(code) for code in system.agencies})


def password_hash(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's salted SHA-256 (`rabbit_password_hashing_sha256`): base64 of salt and digest.

    `salt`: four bytes, drawn if not given.
    """
    salt = secrets.token_bytes(4) if salt is None else salt
    digest = hashlib.sha256(salt + password.encode()).digest()
    return base64.b64encode(salt + digest).decode("ascii")


def _amqp_systems(directory: Directory) -> Iterator[System]:
    return (system for system in directory.systems.values() if system.channel is Channel.AMQP)


def _user(account: str, hashed: str | None) -> dict[str, Any]:
    user: dict[str, Any] = {"name": account, "tags": []}
    if hashed is not None:
        user |= {"password_hash": hashed, "hashing_algorithm": "rabbit_password_hashing_sha256"}
    return user


def _permission(user: str, vhost: str, *, write: str, read: str) -> dict[str, str]:
    return {"user": user, "vhost": vhost, "configure": _NOTHING, "write": write, "read": read}


def _system_permission(directory: Directory, system: System, vhost: str) -> dict[str, str]:
    if system.suspended:
        return _permission(system.account, vhost, write=_NOTHING, read=_NOTHING)
    agencies = _any_of(served(directory, system))
    read = rf"^agency\.{agencies}\.(inbox|receipts)$" if agencies else _NOTHING
    return _permission(system.account, vhost, write=r"^axis\.submit$", read=read)


def _topic_permission(directory: Directory, system: System, vhost: str) -> dict[str, str]:
    codes = "" if system.suspended else _any_of(_all_codes(directory, system))
    return {
        "user": system.account,
        "vhost": vhost,
        "exchange": SUBMIT,
        "write": rf"^(normal|urgent)\.{codes}$" if codes else _NOTHING,
        "read": _NOTHING,
    }


def _all_codes(directory: Directory, system: System) -> list[str]:
    """Under which its agencies may submit: every code that the directory takes for one of them."""
    codes = set()
    for own in served(directory, system):
        agency = directory.find(own)
        twins = (agency.twin, derived_twin(own)) if agency is not None else ()
        codes |= {own, *(twin for twin in twins if twin and directory.canonical(twin) == own)}
    return sorted(codes)


def _any_of(codes: Iterable[str]) -> str:
    escaped = "|".join(re.escape(code) for code in codes)
    return f"({escaped})" if escaped else ""


def _exactly(names: Iterable[str]) -> str:
    return f"^{_any_of(names)}$"


def _exchange(vhost: str) -> dict[str, Any]:
    return {
        "name": SUBMIT,
        "vhost": vhost,
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(name: str, vhost: str) -> dict[str, Any]:
    return {
        "name": name,
        "vhost": vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(_QUORUM),
    }


def _binding(key: str, queue: str, vhost: str) -> dict[str, Any]:
    return {
        "source": SUBMIT,
        "vhost": vhost,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": key,
        "arguments": {},
    }


def _policy(name: str, pattern: str, definition: Mapping[str, Any], vhost: str) -> dict[str, Any]:
    return {
        "name": name,
        "vhost": vhost,
        "pattern": pattern,
        "apply-to": "queues",
        "priority": 100,
        "definition": dict(definition),
    }
