"""The VXP door: agencies' systems that speak the national axis's protocol to this one.

What comes in goes to the one intake, what goes out is the mailbox (`service.mailbox`), who there is stands in the
view: the door decides nothing but what a caller may ask. A caller is a system with the channel vxp, for the
agencies that it serves; what is not its own is answered like what does not exist. `docId` of a listed item
is its delivery, `DocId` of what was sent is its submission, and a repeat answers the first one's.

Every answer is a value of the protocol, in Vietnamese and English. Bodies, signatures of calls and HTTP are the
front's business. A TransientError passes through: the front answers 20, and the SDK repeats the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, Protocol

from pydantic import SecretStr

from axisd.adapters.vxp.agencies import AgencyLists
from axisd.adapters.vxp.front import Pieces, Told
from axisd.adapters.vxp.protocol import Answer, Call, Code, File, Refused
from axisd.adapters.vxp.registering import AgencyForms
from axisd.adapters.vxp.words import (
    TRANSPORT,
    kind_of,
    period_of,
    received_row,
    recipients_of,
    refused_for,
    remarks_on,
    sent_row,
)
from axisd.core.directory import Channel
from axisd.core.reasons import refuse
from axisd.core.submission import Door, Submission
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.ports import CallOutcome, Clock, DoorCall, Telemetry
from axisd.service.intake import Settlement
from axisd.service.mailbox import Mailbox
from axisd.service.registration import Registration

Secrets = Callable[[], Mapping[str, tuple[SecretStr, ...]]]
Work = Callable[[Call], Awaitable[Answer | Pieces]]

_STOPPING: Final = Answer(
    Code.SYSTEM, "Trục đang khởi động lại, hãy gửi lại sau. / The axis is restarting; try again."
)
_NO_ITEM: Final = Refused.of(
    Code.INVALID, "There is no such item for this system.", "Không có gói tin này cho hệ thống."
)


class HandIn(Protocol):
    """The way into the intake. Returns when the settlement is durable."""

    async def __call__(
        self, size: int, load: Callable[[], Awaitable[Submission]], /
    ) -> Settlement: ...


class VxpDoor:
    """An `Office` over the services. `drain` takes nothing new and returns when all that was taken is settled.

    `registrar`: whom to ask for a code, told to systems that may not register it themselves.
    """

    def __init__(
        self,
        view: Callable[[], View],
        secrets: Secrets,
        hand_in: HandIn,
        mailbox: Mailbox,
        clock: Clock,
        telemetry: Telemetry,
        registration: Registration,
        *,
        registrar: str = "",
    ) -> None:
        self._view = view
        self._secrets = secrets
        self._hand_in = hand_in
        self._mailbox = mailbox
        self._clock = clock
        self._telemetry = telemetry
        self._gate = _Gate()
        lists = AgencyLists(view, clock)
        forms = AgencyForms(registration, registrar)
        self._work: Mapping[str, Work] = {
            "sendEdoc": self._send,
            "getReceivedEdocList": self._received,
            "countReceiveEdoc": self._count("document"),
            "countReceiveStatus": self._count("status"),
            "getEdoc": self._get,
            "downloadEdoc": self._download,
            "updateStatus": self._update,
            "getSentEdocList": self._sent,
            "getAgenciesList": lists.agencies,
            "getAgenciesListQD20": lists.qd20,
            "getSynchronizeUnit": lists.units,
            "registerAgency": forms.register,
            "deleteAgency": forms.delete,
        }

    async def secret_of(self, system_id: str) -> tuple[str, ...] | None:
        """All secrets that hold now; None for whoever is no system of this door."""
        system = self._view().directory.systems.get(system_id)
        if system is None or system.channel is not Channel.VXP:
            return None
        return tuple(s.get_secret_value() for s in self._secrets().get(system_id, ()))

    async def answer(self, call: Call) -> Answer | Pieces:
        """What the operation answers. Raises TransientError and IntegrityError as the services do."""
        if not self._gate.enter():
            return _STOPPING
        try:
            system = self._view().directory.systems.get(call.system_id)
            if system is not None and system.suspended:
                return Answer.of(refused_for(refuse("account-suspended", account=system.account)))
            return await self._work[call.operation.name](call)
        finally:
            self._gate.leave()

    def trouble(self, operation: str, error: Exception) -> None:
        """Something of ours failed while answering."""
        del operation  # counted beside it, with its code
        self._telemetry.trouble("door.vxp", error)

    def told(self, told: Told) -> None:
        """One request was answered."""
        known = self._view().directory.systems.get(told.system_id)
        self._telemetry.called(
            DoorCall(
                door=Door.VXP,
                operation=told.operation,
                outcome=_outcome(told.code),
                code=told.code,
                account=known.account if known is not None else "",
                seconds=told.seconds,
            )
        )

    async def drain(self) -> None:
        """Whoever calls from now on is told to come again; those who called are still answered."""
        await self._gate.close()

    # what goes in

    async def _send(self, call: Call) -> Answer:
        kind, to = kind_of(call), recipients_of(call)
        for wrong in (kind, to, self._against_sender(call)):
            if isinstance(wrong, Refused):
                return Answer.of(wrong)
        assert call.file is not None, "the front keeps what arrives in a file"
        assert isinstance(to, tuple), "looked at above"
        settlement = await self._hand_in(call.file.size, self._loading(call, call.file, to))
        if settlement.refusal is not None:
            return Answer.of(refused_for(settlement.refusal))
        return Answer(Code.OK, remarks_on(settlement), {"DocId": settlement.answered_as})

    def _against_sender(self, call: Call) -> Refused | None:
        """Why the system may not send in the name of `from`; who the envelope names is judged by the intake."""
        code = call.parameters["from"]
        day = day_of(self._clock.now())
        if self._view().directory.voice(call.system_id, code, day) is not None:
            return None
        shown = ascii(code[:40])[1:-1]
        return refused_for(refuse("sender-not-account", agency=shown, account=call.system_id))

    def _loading(
        self, call: Call, file: File, to: tuple[str, ...]
    ) -> Callable[[], Awaitable[Submission]]:
        submission_id, received_at = self._clock.new_id(), self._clock.now()

        async def load() -> Submission:
            return Submission(
                id=submission_id,
                door=Door.VXP,
                body=await file.read(),
                received_at=received_at,
                account=call.system_id,
                addressed_to=to,
            )

        return load

    # what goes out

    async def _received(self, call: Call) -> Answer:
        kind, period = kind_of(call), period_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        if isinstance(period, Refused):
            return Answer.of(period)
        since, until = period
        items = await self._mailbox.waiting(call.system_id, kind, since=since, until=until)
        return Answer(fields={"data": [received_row(item) for item in items]})

    def _count(self, kind: str) -> Work:
        async def count(call: Call) -> Answer:
            return Answer(fields={"count": await self._mailbox.count(call.system_id, kind)})

        return count

    async def _get(self, call: Call) -> Answer:
        file = await self._fetched(call)
        return Answer.of(file) if isinstance(file, Refused) else Answer(fields={"data": file})

    async def _download(self, call: Call) -> Answer | Pieces:
        file = await self._fetched(call)
        return Answer.of(file) if isinstance(file, Refused) else file

    async def _fetched(self, call: Call) -> Pieces | Refused:
        fetched = await self._mailbox.fetch(call.system_id, call.parameters["docId"].strip())
        if fetched is None:
            return _NO_ITEM
        return Pieces(fetched.size, _generated(fetched.pieces))

    async def _update(self, call: Call) -> Answer:
        state = TRANSPORT.get(call.parameters["status"].strip().lower())
        if state is None:
            return Answer.of(
                Refused.of(
                    Code.INVALID,
                    "status is processing, done or fail.",
                    "status phải là processing, done hoặc fail.",
                )
            )
        account, key = call.system_id, call.parameters["docId"].strip()
        items = await self._mailbox.items(account, key)
        cause = call.parameters.get("description", "")
        ids = [item.id for item in items]
        marked = await self._mailbox.mark(account, ids, state, cause) if ids else ()
        return Answer() if marked else Answer.of(_NO_ITEM)

    async def _sent(self, call: Call) -> Answer:
        kind = kind_of(call)
        if isinstance(kind, Refused):
            return Answer.of(kind)
        account, key = call.system_id, call.parameters.get("docId", "").strip()
        rows = await self._mailbox.sent(account, kind, submission_id=key) if key else ()
        # The SDK repeats the docId of an earlier call: one that is nothing of this kind is such a one.
        rows = rows or await self._mailbox.sent(account, kind)
        return Answer(fields={"data": [sent_row(row) for row in rows]})


async def _generated(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        yield piece


def _outcome(code: str) -> CallOutcome:
    if code == Code.OK:
        return "ok"
    return "failed" if code == Code.SYSTEM else "refused"


class _Gate:
    """Counts who is inside; once closed nobody enters, and `close` returns when all have left."""

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._left = asyncio.Event()
        self._left.set()

    def enter(self) -> bool:
        if self._closed:
            return False
        self._inside += 1
        self._left.clear()
        return True

    def leave(self) -> None:
        self._inside -= 1
        if not self._inside:
            self._left.set()

    async def close(self) -> None:
        self._closed = True
        await self._left.wait()
