"""The simulated axis behind its counter: it knows the secrets and sends each call to its operation.

Calls are counted by operation; what fails in here is kept for whoever looks at the state, because an
exception in the simulator is a mistake of ours that no caller should have to find.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from axisd.adapters.vxp.protocol import Answer, Call
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.mailbox import Mailbox
from axisd.simulator.national.post import Post
from axisd.simulator.national.register import Register

Operation = Callable[[Call], Awaitable[Answer | bytes]]


class NationalOffice:
    """Answers verified calls (`axisd.adapters.vxp.front.Office`)."""

    def __init__(
        self,
        archive: Archive,
        secrets: Mapping[str, str],
        post: Post,
        mailbox: Mailbox,
        register: Register,
        faults: Faults,
    ) -> None:
        self._archive = archive
        self._faults = faults
        self._secrets = secrets
        self._calls: Counter[str] = Counter()
        self._troubles: deque[str] = deque(maxlen=20)
        self._operations: Mapping[str, Operation] = {
            "sendEdoc": post.send,
            "getSentEdocList": post.sent,
            "getReceivedEdocList": mailbox.waiting,
            "countReceiveEdoc": mailbox.count,
            "countReceiveStatus": mailbox.count,
            "getEdoc": mailbox.fetch,
            "downloadEdoc": mailbox.download,
            "updateStatus": mailbox.mark,
            "getAgenciesList": register.agencies,
            "getAgenciesListQD20": register.agencies_qd20,
            "getSynchronizeUnit": register.units,
            "registerAgency": register.add,
            "deleteAgency": register.delete,
        }

    async def secret_of(self, system_id: str) -> str | None:
        return self._secrets.get(system_id)

    async def answer(self, call: Call) -> Answer | bytes:
        self._calls[call.operation.name] += 1
        return await self._operations[call.operation.name](call)

    def trouble(self, operation: str, error: Exception) -> None:
        self._troubles.append(f"{operation}: {type(error).__name__}: {error}")

    async def state(self) -> dict[str, Any]:
        """Counts of what is kept and of what was asked since the start."""
        kept = await self._archive.ask(self._archive.store.state)
        struck: dict[str, dict[str, int]] = {}
        for (centre, fault), times in sorted(self._faults.struck.items()):
            struck.setdefault(centre, {})[fault] = times
        return {
            **kept,
            "calls": dict(self._calls),
            "faults": struck,
            "troubles": list(self._troubles),
        }

    async def reset(self) -> None:
        """Forgets every message and all that was counted; centres and agencies stay."""
        await self._archive.ask(self._archive.store.messages.forget)
        self._calls.clear()
        self._troubles.clear()
        self._faults.replace(self._faults.conduct)
