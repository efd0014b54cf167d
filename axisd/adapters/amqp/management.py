"""RabbitMQ's management API, for operators' commands and gauges: apply, check, count, disconnect.

Needs an account with the tag `administrator`, which the daemon's own does not have. Applying never
deletes a queue and never changes one that is there; what it cannot mend, `check` goes on naming.
Going wrong: an API that is away, refuses or answers nonsense is an UnavailableError.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiohttp

from axisd.adapters.amqp.compare import changed_accounts, differences, strangers, tags_of
from axisd.adapters.amqp.topology import Definitions
from axisd.errors import UnavailableError

_SECONDS: Final = 60.0
_LOOKS: Final = 20
_QUIET_LOOKS: Final = 4
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What the broker counts in one queue; up to five seconds old."""

    messages: int
    consumers: int


class Management:
    """The API at `url` (http(s)://account:password@host:port) for one vhost. A context manager."""

    def __init__(self, url: str, *, vhost: str = "axis") -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        account = unquote(parts.username or "guest")
        password = unquote(parts.password or "guest")
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(account, password, encoding="utf-8")
        }
        self._vhost = vhost
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def check(self, definitions: Definitions) -> list[str]:
        """How the broker differs from `definitions`, in sentences; empty when it does not."""
        found = await self._get("definitions")
        return differences(definitions, found, await self._policies(found))

    async def apply(
        self, definitions: Definitions, *, remove_guest: bool = False, revoke_others: bool = False
    ) -> None:
        """Makes what is missing and replaces policies, permissions and given password hashes.

        Twice is as good as once. Connections of accounts whose permissions or password changed are
        closed, since the broker asks for both only when a connection begins.
        `revoke_others` takes the vhost away from accounts that belong to no system.
        """
        found = await self._get("definitions")
        known = {row["name"] for row in found["users"]}
        # Importing an account without a hash would take away the password it has.
        users = [
            row
            for row in definitions["users"]
            if "password_hash" in row or row["name"] not in known
        ]
        fresh = [{"password_hash": "", **row} for row in users]
        await self._call("POST", "definitions", {**definitions, "users": fresh})
        disconnect = changed_accounts(definitions, found)
        # Whoever is connected with the old password must not stay.
        disconnect |= {row["name"] for row in users if row["name"] in known}
        if revoke_others:
            for account in strangers(definitions, found):
                await self._call("DELETE", f"permissions/{_quoted(self._vhost, account)}")
                disconnect.add(account)
        if remove_guest and "guest" in known:
            await self._call("DELETE", "users/guest")
        for account in sorted(disconnect):
            await self.close_connections(account, "permissions changed")

    async def accounts(self) -> frozenset[str]:
        """Every account that the broker has, of whatever vhost."""
        return frozenset(row["name"] for row in await self._get("users?columns=name"))

    async def queues(self) -> dict[str, QueueFacts]:
        """Every queue of the vhost, by name."""
        rows = await self._get(f"queues/{_quoted(self._vhost)}?columns=name,messages,consumers")
        return {
            row["name"]: QueueFacts(row.get("messages", 0), row.get("consumers", 0)) for row in rows
        }

    async def consumers(self) -> dict[str, int]:
        """How many consumers each queue of the vhost has, by name."""
        return {name: facts.consumers for name, facts in (await self.queues()).items()}

    async def connections(self, account: str) -> int:
        """How many connections `account` has, on any vhost.

        The broker lists a connection a moment after it told its client that it is open.
        """
        return len(await self._get(_connections_of(account)))

    async def close_connections(self, account: str, reason: str = "closed by an operator") -> int:
        """Closes every connection of `account`, on any vhost; how many there were."""
        return len(await self._close(account, reason))

    async def revoke(self, account: str, reason: str) -> int:
        """Closes every connection of `account` that was open; how many those were.

        To be called when its permissions are gone: the broker asks for them only when a connection
        begins, and lists a connection a moment after it told its client that it is open. What its client opens
        meanwhile, again and again perhaps, may do nothing, and is not waited for.
        """
        told: set[str] = set()
        quiet = 0
        for _ in range(_LOOKS):
            listed = await self._close(account, reason)
            quiet = 0 if listed & told else quiet + 1
            told |= listed
            if quiet == _QUIET_LOOKS:
                return len(told)
            await asyncio.sleep(_PAUSE)
        raise UnavailableError(f"RabbitMQ goes on listing connections of {account}")

    async def _close(self, account: str, reason: str) -> set[str]:
        """Tells the broker to close every connection of `account`; their names, which name both ports."""
        listed = await self._listed(account)
        if listed:
            try:
                await self._tell_to_close(account, reason)
            except UnavailableError:
                # It answers 500 when one of them ends by itself meanwhile, as all do with their account.
                await asyncio.sleep(_PAUSE)
                if await self._listed(account):
                    await self._tell_to_close(account, reason)
        return listed

    async def _listed(self, account: str) -> set[str]:
        rows = await self._get(f"{_connections_of(account)}?columns=name")
        return {row["name"] for row in rows}

    async def _tell_to_close(self, account: str, reason: str) -> None:
        await self._call("DELETE", _connections_of(account), headers={"X-Reason": reason})

    async def other_use(self, account: str) -> str:
        """What an account is for on this broker beside our vhost, in words; "" if nothing, or it is not there."""
        user = await self._get(f"users/{_quoted(account)}", absent=True)
        if user is None:
            return ""
        if tags := tags_of(user):
            return f"it has the tags {', '.join(tags)}"
        rows = await self._get(f"users/{_quoted(account)}/permissions")
        others = sorted({row["vhost"] for row in rows} - {self._vhost})
        return f"it may use the vhost {', '.join(others)}" if others else ""

    async def delete_account(self, account: str) -> None:
        """Takes an account away, with its permissions; one that has another use here keeps it, and loses only
        our vhost. One that is not there is no trouble."""
        if await self.other_use(account):
            await self._call("DELETE", f"permissions/{_quoted(self._vhost, account)}")
        else:
            await self._call("DELETE", f"users/{_quoted(account)}")

    async def delete_empty_queue(self, queue: str) -> bool:
        """Deletes a queue that nobody writes to any more if it holds nothing; whether it is gone.

        It is asked for a message, which goes back: counts are seconds old, and a quorum queue knows no
        deletion on the condition that it is empty.
        """
        name = _quoted(self._vhost, queue)
        if await self._get(f"queues/{name}?columns=name", absent=True) is None:
            return True
        asked = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 1}
        if await self._call("POST", f"queues/{name}/get", asked):
            return False
        await self._call("DELETE", f"queues/{name}")
        return True

    async def _policies(self, found: dict[str, Any]) -> dict[str, str]:
        if self._vhost not in {row["name"] for row in found["vhosts"]}:
            return {}
        # With statistics a queue has no policy until they are collected, some five seconds late.
        rows = await self._get(
            f"queues/{_quoted(self._vhost)}?disable_stats=true&columns=name,policy"
        )
        return {row["name"]: row.get("policy") or "" for row in rows}

    async def _get(self, path: str, *, absent: bool = False) -> Any:
        """`absent`: what is not there is None, not a failure."""
        return await self._call("GET", path, absent=absent)

    async def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        *,
        absent: bool = False,
    ) -> Any:
        assert self._session is not None, "used outside of its context"
        what = f"RabbitMQ management at {self._base}: {method} {path.partition('?')[0]}"
        try:
            async with self._session.request(
                method, f"{self._base}/api/{path}", json=body, headers=headers
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or "no answer in time"  # TimeoutError says nothing of itself
            raise UnavailableError(f"{what}: {why}") from error
        gone = (absent or method == "DELETE") and answer.status == HTTPStatus.NOT_FOUND
        if answer.status >= HTTPStatus.BAD_REQUEST and not gone:
            raise UnavailableError(f"{what}: {answer.status} {_reason(content)}")
        try:
            return json.loads(content) if content and not gone else None
        except ValueError as error:
            raise UnavailableError(f"{what}: the answer is not JSON") from error


def _connections_of(account: str) -> str:
    return f"connections/username/{_quoted(account)}"


def _quoted(*names: str) -> str:
    return "/".join(quote(name, safe="") for name in names)


def _reason(content: bytes) -> str:
    """RabbitMQ answers with JSON that has a `reason`; a proxy before it with anything."""
    try:
        said = json.loads(content)
        return str(said.get("reason", said))[:300] if isinstance(said, dict) else str(said)[:300]
    except ValueError:
        return ascii(content[:100])
