"""What stands behind the eDoc door: the calls of a known system, answered from the services.

What comes in goes through the intake of all doors; what goes out is the mailbox of the caller's agencies. A
message is known by its docId, which is the same for its sender and for all of its recipients; it is given to
these alone, and to everybody else as if it did not exist. Nothing here waits for the national axis.

The older axis's faults are not kept: a confirmation confirms its message, and of the statuses only those
that its caller has already fetched (some clients never confirm them one by one); a repeated document is a
success with its first docId.

Going wrong: what a service raises goes through; whoever calls answers it as an outage of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from axisd.adapters.edoc.accounts import Secrets, caller
from axisd.adapters.edoc.habits import Repetition
from axisd.adapters.edoc.organizations import organizations
from axisd.adapters.edoc.protocol.answers import (
    FOUND_OUT,
    GOOD,
    Answer,
    Status,
    failure,
    success,
)
from axisd.adapters.edoc.protocol.faults import (
    NO_ITEM,
    NO_KIND,
    NO_NUMBER,
    NOT_YOURS,
    UNKNOWN_KIND,
    WRONG_HASH,
    Fault,
    fault_of,
    unreceived,
)
from axisd.adapters.edoc.protocol.numbers import Numbers
from axisd.adapters.edoc.protocol.operations import (
    CONFIRM,
    EXISTS,
    FETCH,
    PENDING,
    SEND,
    Operation,
    Question,
)
from axisd.adapters.edoc.protocol.parameters import Parameters
from axisd.adapters.upload import Unreceived, Upload
from axisd.core.directory import Directory, System
from axisd.core.envelope import Kind
from axisd.core.lifecycle import SubmissionState
from axisd.core.mailbox import ItemState, MailboxItem
from axisd.core.reasons import refuse
from axisd.core.routing import kin_of
from axisd.core.submission import Door, Lane, Submission
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.errors import IntegrityError
from axisd.ports import Clock, Ledger, OddCall, Telemetry
from axisd.service.intake import Settlement
from axisd.service.mailbox import Fetched, Mailbox

HandIn = Callable[[int, Callable[[], Awaitable[Submission]]], Awaitable[Settlement]]
"""Takes the size of what was uploaded, and what brings it into memory when its turn has come."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator chose. `first_number`: the base of all docIds. `old_answers`: the accounts that are
    told of a status about an unknown document as the older axis did."""

    first_number: int
    old_answers: frozenset[str] = frozenset()


class Desk:
    """`view`, `secrets` and `rules` are asked for each call, so that a reload takes effect between two."""

    def __init__(
        self,
        view: Callable[[], View],
        secrets: Callable[[], Secrets],
        rules: Callable[[], Rules],
        hand_in: HandIn,
        mailbox: Mailbox,
        ledger: Ledger,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._view = view
        self._secrets = secrets
        self._rules = rules
        self._hand_in = hand_in
        self._mailbox = mailbox
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._repetition = Repetition()

    def caller(self, asked: Parameters) -> System | Answer:
        """The system that calls, or what whoever else it may be is answered."""
        return caller(asked, self._view().directory, self._secrets())

    def barred(self, system: System, operation: Operation) -> Answer | None:
        """What a suspended system is answered whatever it asks; what it hands in is refused by the intake,
        which keeps evidence of that."""
        if not system.suspended or operation is SEND:
            return None
        told = fault_of(refuse("account-suspended", account=system.account))
        return _fail(operation, Fault(operation.code, told.description))

    async def send(self, system: System, asked: Parameters, upload: Upload | Unreceived) -> Answer:
        """sendDocument: the file goes to the intake, which says what becomes of it. The kind in its header is
        looked at, and not believed: the envelope says what it is."""
        if isinstance(upload, Unreceived):
            return _fail(SEND, unreceived(upload.text, upload.vi))
        kind = self._kind(system, asked)
        if isinstance(kind, Fault):
            return _fail(SEND, kind)
        size = upload.file_hash.file_size(asked.digest) if asked.digest else upload.size
        if size is None:
            return _fail(SEND, WRONG_HASH)
        settlement = await self._hand_in(size, partial(self._submission, system, upload, size))
        if settlement.kind and settlement.kind != kind:
            self._telemetry.odd_call(system.account, OddCall.OTHER_KIND)
        return await self._sent(system, settlement)

    async def pending(self, system: System, asked: Parameters) -> Answer:
        """getPendingDocIds: what waits, each message once, with the caller's agencies that it is for. Urgent
        ones first, then the oldest."""
        kind = self._kind(system, asked)
        if isinstance(kind, Fault):
            return _fail(PENDING, kind)
        items = await self._mailbox.waiting(system.account, kind)
        items = sorted(items, key=lambda item: (item.lane is not Lane.URGENT, item.number))
        directory, numbers = self._view().directory, self._numbers()
        rows = dict.fromkeys(
            (numbers.number(item.number), _own_code(system, item.inbox, directory))
            for item in items
        )
        return success(
            docIDs=list(dict.fromkeys(number for number, _ in rows)),
            data=[{"docId": number, "organId": organ} for number, organ in rows],
        )

    async def fetch(self, system: System, asked: Parameters) -> Fetched | Answer:
        """getDocument: the bytes as they were handed in. The docId decides; a kind that says otherwise is an
        old header."""
        if asked.number is None:
            return self._no_number(system, FETCH)
        self._count_repetition(system, FETCH, asked.number)
        position = self._numbers().position(asked.number)
        found = (
            await self._mailbox.fetch_numbered(system.account, position)
            if position is not None
            else None
        )
        if found is None:
            return _fail(FETCH, NO_ITEM)
        if asked.kind is not None and asked.kind != found.kind:
            self._telemetry.odd_call(system.account, OddCall.OTHER_KIND)
        return found

    async def confirm(self, system: System, asked: Parameters) -> Answer:
        """confirmReceived: the message is done for all of the caller's agencies. Said again, or of a message
        that is none of the caller's, it changes nothing and is a success all the same."""
        if asked.number is None:
            return self._no_number(system, CONFIRM)
        self._count_repetition(system, CONFIRM, asked.number)
        position = self._numbers().position(asked.number)
        items: Sequence[MailboxItem] = ()
        if position is not None:
            items = await self._mailbox.numbered(system.account, position)
        if not items:
            self._telemetry.odd_call(system.account, OddCall.UNKNOWN_NUMBER)
            return success()
        statuses = await self._mailbox.waiting(system.account, Kind.STATUS)
        done = {item.id for item in items}
        done.update(status.id for status in statuses if status.fetched_at is not None)
        await self._mailbox.mark(system.account, done, ItemState.DONE)
        return success()

    async def organizations(self, code: str) -> Answer:
        """getOrganizations: the directory as of today."""
        day = day_of(self._clock.now())
        listed = await asyncio.to_thread(organizations, self._view().directory, day, code)
        return success(organizations=listed)

    async def exists(self, system: System, asked: Question | Fault) -> Answer:
        """checkExistDocument, for those who took part in it: anybody else would learn who writes to whom."""
        if isinstance(asked, Fault):
            return _fail(EXISTS, asked)
        directory, day = self._view().directory, day_of(self._clock.now())
        sides = (asked.sender, asked.recipient)
        if not any(directory.voice(system.account, side, day) for side in sides):
            return _fail(EXISTS, NOT_YOURS)
        senders, recipients = (kin_of(side, directory, day) for side in sides)
        found = await self._ledger.was_sent(asked.number, asked.notation, senders, recipients)
        return Answer(Status.SUCCESS, FOUND_OUT, (), {"isExist": found})

    def _numbers(self) -> Numbers:
        return Numbers(self._rules().first_number)

    def _kind(self, system: System, asked: Parameters) -> Kind | Fault:
        if asked.kind is not None:
            return asked.kind
        if asked.kind_text:
            return UNKNOWN_KIND
        self._telemetry.odd_call(system.account, OddCall.NO_KIND)
        return NO_KIND

    def _no_number(self, system: System, operation: Operation) -> Answer:
        self._telemetry.odd_call(system.account, OddCall.NO_NUMBER)
        return _fail(operation, NO_NUMBER)

    def _count_repetition(self, system: System, operation: Operation, number: int) -> None:
        if self._repetition.again(system.account, operation.name, number):
            self._telemetry.odd_call(system.account, OddCall.SAME_NUMBER)

    async def _submission(self, system: System, upload: Upload, size: int) -> Submission:
        return Submission(
            id=self._clock.new_id(),
            door=Door.EDOC,
            body=await upload.read(size),
            received_at=self._clock.now(),
            account=system.account,
        )

    async def _sent(self, system: System, settlement: Settlement) -> Answer:
        if settlement.refusal is not None:
            ours = settlement.state is SubmissionState.QUARANTINED
            kind = Kind(settlement.kind) if settlement.kind else None
            return failure((fault_of(settlement.refusal, kind),), SEND.empty, ours=ours)
        unmatched = [each for each in settlement.warnings if each.code == "unmatched"]
        if unmatched and settlement.kind == Kind.STATUS and self._answers_as_of_old(system):
            faults = tuple(fault_of(each, Kind.STATUS) for each in unmatched)
            return Answer(Status.ERROR, GOOD, faults, {"docId": 0})
        position = await self._mailbox.number_of(settlement.answered_as)
        if position is None:
            raise IntegrityError(
                f"submission {settlement.answered_as} was accepted without an entry"
            )
        fields = {"docId": self._numbers().number(position)}
        # No receipt reaches a system behind a door: this is where it learns of them.
        said = (*(refusal for _, refusal in settlement.refused), *settlement.warnings)
        if not said:
            return success(**fields)
        told = [fault_of(refusal) for refusal in said]
        return success(
            **fields,
            warnings=[{"code": each.code, "description": each.description} for each in told],
        )

    def _answers_as_of_old(self, system: System) -> bool:
        return system.account in self._rules().old_answers


def _own_code(system: System, inbox: str, directory: Directory) -> str:
    """The agency of a mailbox as its system is enrolled with it: the code that its software knows."""
    return next((code for code in system.agencies if directory.canonical(code) == inbox), inbox)


def _fail(operation: Operation, fault: Fault) -> Answer:
    return failure((fault,), operation.empty)
