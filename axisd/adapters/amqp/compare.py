"""Where a broker differs from what the directory asks for: pure, in sentences.

Judged is what axisd renders: its exchange, queues, bindings, policies, accounts and permissions in
one vhost. What is there beside it is named only where it can do harm: queues under our names,
bindings that copy submissions elsewhere, policies that win over ours or swallow returns, accounts
that may use the vhost and belong to no system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from axisd.adapters.amqp.topology import SUBMIT, Definitions

Row = Mapping[str, Any]

_OURS: Final = re.compile(r"(agency\..+|axis\..+)")
_ADMINISTRATOR: Final = "administrator"


def differences(
    wanted: Definitions, found: Mapping[str, Any], policies: Mapping[str, str]
) -> list[str]:
    """Sentences, empty when nothing differs.

    `found`: the broker's definitions. `policies`: the name of the policy that a queue is under, by
    queue, as the broker has worked it out.
    """
    vhost = wanted["vhosts"][0]["name"]
    if vhost not in {row["name"] for row in found["vhosts"]}:
        return [f"vhost {vhost} is missing"]
    here = {key: [row for row in found[key] if row.get("vhost") == vhost] for key in _SCOPED}
    return [
        *_exchanges(wanted["exchanges"], here["exchanges"]),
        *_queues(wanted["queues"], here["queues"]),
        *_bindings(wanted["bindings"], here["bindings"]),
        *_policies(wanted["policies"], here["policies"]),
        *_effective(wanted["queues"], wanted["policies"], policies),
        *_users(wanted["users"], found["users"]),
        *_permissions(wanted["permissions"], here["permissions"], found["users"]),
        *_topics(wanted["topic_permissions"], here["topic_permissions"]),
    ]


_SCOPED: Final = (
    "exchanges",
    "queues",
    "bindings",
    "policies",
    "permissions",
    "topic_permissions",
)


def changed_accounts(wanted: Definitions, found: Mapping[str, Any]) -> set[str]:
    """Accounts that have permissions other than they should: their connections remember the old ones."""
    vhost = wanted["vhosts"][0]["name"]
    changed: set[str] = set()
    for key in ("permissions", "topic_permissions"):
        should = {(row["user"], row.get("exchange")): row for row in wanted[key]}
        for row in found[key]:
            other = should.get((row["user"], row.get("exchange")))
            if row["vhost"] == vhost and other is not None and dict(other) != dict(row):
                changed.add(row["user"])
    return changed


def strangers(wanted: Definitions, found: Mapping[str, Any]) -> list[str]:
    """Accounts that may use the vhost, belong to no system of ours and administer nothing."""
    vhost = wanted["vhosts"][0]["name"]
    ours = {row["user"] for row in wanted["permissions"]}
    exempt = {row["name"] for row in found["users"] if _ADMINISTRATOR in tags_of(row)}
    users = {row["user"] for row in found["permissions"] if row["vhost"] == vhost}
    return sorted(users - ours - exempt)


def _exchanges(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    yield from _compared("exchange", wanted, found, ("type", "durable", "internal", "arguments"))


def _queues(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    yield from _compared("queue", wanted, found, ("durable", "auto_delete", "arguments"))
    names = {row["name"] for row in wanted}
    for row in found:
        if row["name"] not in names and _OURS.fullmatch(row["name"]):
            yield f"queue {row['name']} is there, but no system in the directory needs it"


def _bindings(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    should = {_binding(row) for row in wanted}
    there = {_binding(row) for row in found if row["source"] == SUBMIT}
    yield from (f"binding {_shown(binding)} is missing" for binding in sorted(should - there))
    for binding in sorted(there - should):
        yield f"binding {_shown(binding)} copies submissions where nobody expects them"


def _policies(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    yield from _compared("policy", wanted, found, ("pattern", "apply-to", "priority", "definition"))
    for row in found:
        if "alternate-exchange" in row["definition"] and re.search(row["pattern"], SUBMIT):
            yield (
                f"policy {row['name']} gives {SUBMIT} an alternate exchange: an agency would get a"
                " confirm for what reaches nobody"
            )


def _effective(
    wanted: Sequence[Row], ours: Sequence[Row], policies: Mapping[str, str]
) -> Iterator[str]:
    for row in wanted:
        name = row["name"]
        should = next(policy["name"] for policy in ours if re.search(policy["pattern"], name))
        if name in policies and policies[name] != should:
            yield f"queue {name} is under policy {policies[name] or '(none)'}, must be under {should}"


def _users(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    there = {row["name"]: row for row in found}
    for row in wanted:
        if row["name"] not in there:
            yield f"account {row['name']} is missing"
        elif tags_of(there[row["name"]]):
            yield f"account {row['name']} has tags {', '.join(tags_of(there[row['name']]))}, must have none"
    if "guest" in there:
        yield "account guest is there; it is known to everybody"


def _permissions(
    wanted: Sequence[Row], found: Sequence[Row], users: Sequence[Row]
) -> Iterator[str]:
    keys = ("configure", "write", "read")
    yield from _compared("permission of", wanted, found, keys, name="user")
    ours = {row["user"] for row in wanted}
    exempt = {row["name"] for row in users if _ADMINISTRATOR in tags_of(row)}
    for row in found:
        if row["user"] not in ours | exempt:
            yield f"account {row['user']} may use the vhost, but no system in the directory has it"


def _topics(wanted: Sequence[Row], found: Sequence[Row]) -> Iterator[str]:
    ours = [row for row in found if row["exchange"] == SUBMIT]
    yield from _compared("topic permission of", wanted, ours, ("write", "read"), name="user")


def _compared(
    kind: str,
    wanted: Sequence[Row],
    found: Sequence[Row],
    keys: Iterable[str],
    *,
    name: str = "name",
) -> Iterator[str]:
    there = {row[name]: row for row in found}
    keys = tuple(keys)
    for row in wanted:
        other = there.get(row[name])
        if other is None:
            yield f"{kind} {row[name]} is missing"
            continue
        for key in keys:
            if other.get(key) != row[key]:
                yield f"{kind} {row[name]}: {key} is {other.get(key)!r}, must be {row[key]!r}"


def _binding(row: Row) -> tuple[str, str, str]:
    return row["routing_key"], row["destination_type"], row["destination"]


def _shown(binding: tuple[str, str, str]) -> str:
    key, kind, destination = binding
    return f"{SUBMIT} --{key}--> {kind} {destination}"


def tags_of(row: Row) -> list[str]:
    """What an account may administer: a list since RabbitMQ 3.9, a comma-separated string before."""
    tags = row.get("tags", [])
    return [tag for tag in tags.split(",") if tag] if isinstance(tags, str) else list(tags)
