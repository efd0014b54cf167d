"""Group commit: many decisions, one durable transaction.

Whoever has something to decide hands in a proposal: what must be known, and a pure function from that to a
`Change`. One task takes all proposals that wait (urgent ones first, by the rule of `lanes`), answers their
questions, lets each decide in order (each sees what the ones before it are about to write), seals the
evidence in a worker thread and writes everything in one transaction. A proposal's future resolves only
after the commit is on disk.

Under a clock that may be wrong nothing is written: its times would be sealed.

Going wrong: a decision that raises fails alone; a transaction that fails for now, or a clock that is
unsound, fails all its proposals with TransientError, and their owners try again; one that fails in any
other way (it contradicts the ledger, it cannot be sealed) is repeated one proposal at a time, so that a
poisonous one harms nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from axisd.core.evidence import Entry, Evidence, Head, Receipt
from axisd.core.records import Change, Known, OutboxRow, Questions, Records
from axisd.core.submission import Lane
from axisd.errors import TransientError
from axisd.ports import Clock, Ledger, Soundness, Telemetry
from axisd.service.lanes import LaneQueue

Decision = Callable[[Known], Change]
Seal = Callable[[Sequence[Evidence], Head], tuple[Sequence[Entry], Sequence[Receipt]]]
Listener = Callable[[Sequence[OutboxRow]], None]

_BEAT_SECONDS = 5.0


@dataclass(slots=True)
class _Proposal:
    questions: Questions
    decision: Decision
    change: asyncio.Future[Change] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fail(self, error: Exception) -> None:
        if not self.change.done():
            self.change.set_exception(error)


class GroupCommit:
    """Takes proposals from any task; `run` is the one task that writes to the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        seal: Seal,
        clock: Clock,
        telemetry: Telemetry,
        pool: Executor,
        *,
        soundness: Soundness | None = None,
        most: int = 128,
        waiting: int = 1024,
    ) -> None:
        self._ledger = ledger
        self._seal = seal
        self._clock = clock
        self._telemetry = telemetry
        self._pool = pool
        self._soundness = soundness
        self._most = most
        self._queue: LaneQueue[_Proposal] = LaneQueue(waiting)
        self._listeners: list[Listener] = []
        self._ended = False
        self.trouble = ""
        """Why the last transaction could not be written for now; empty when it was."""

    def listen(self, listener: Listener) -> None:
        """`listener` is told of new outbox rows, after they are durable. It must not block or fail."""
        self._listeners.append(listener)

    async def decide(
        self, questions: Questions, decision: Decision, lane: Lane = Lane.NORMAL
    ) -> Change:
        """The change that `decision` made, once it is durable.

        `decision` may be asked more than once, each time from scratch: it must not keep or change
        anything. Raises TransientError or IntegrityError when its change could not be made durable, and
        whatever `decision` itself raises.
        """
        proposal = _Proposal(questions, decision)
        await self._queue.put((proposal, lane))
        if self._ended:
            self._turn_away()
        return await proposal.change

    async def run(self) -> None:
        """Until cancelled; what waits then is not written, and fails with TransientError."""
        group: list[_Proposal] = []
        self._ended = False
        try:
            while True:
                group = [await self._next()]
                while len(group) < self._most and not self._queue.empty():
                    group.append(self._queue.get_nowait()[0])
                self._telemetry.beat("commit")
                await self._settle(group)
        finally:
            self._ended = True
            for proposal in group:
                proposal.fail(_stopped())
            self._turn_away()

    async def _next(self) -> _Proposal:
        """The next proposal; while there is none, a sign of life every few seconds."""
        while self._queue.empty():
            self._telemetry.beat("commit")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_SECONDS):
                    return (await self._queue.get())[0]
        return self._queue.get_nowait()[0]

    def _turn_away(self) -> None:
        # Each one taken out lets in one that waited for room, which then comes here itself.
        while not self._queue.empty():
            self._queue.get_nowait()[0].fail(_stopped())

    async def _settle(self, group: list[_Proposal]) -> None:
        if self._soundness is not None and (why := self._soundness.trouble()):
            # Told once by the watch itself; the ledger is not to blame.
            for proposal in group:
                proposal.fail(TransientError(f"nothing is sealed: {why}"))
            return
        try:
            await self._write(group)
        except TransientError as error:
            self.trouble = str(error)
            self._telemetry.trouble("ledger", error)
            for proposal in group:
                proposal.fail(error)
        except Exception as error:  # noqa: BLE001 - handed to its owner, and nobody else's trouble
            if len(group) > 1:
                for proposal in group:
                    await self._settle([proposal])
            else:
                self._telemetry.trouble("ledger", error)
                group[0].fail(error)

    async def _write(self, group: list[_Proposal]) -> None:
        started = self._clock.monotonic()
        questions = Questions()
        for proposal in group:
            questions |= proposal.questions
        async with self._ledger.transaction() as transaction:
            known = await transaction.known(questions)
            decided = [
                (proposal, change)
                for proposal in group
                if (change := _decide(proposal, known)) is not None
            ]
            changes = tuple(change for _, change in decided)
            evidence = [item for change in changes for item in change.evidence]
            entries: Sequence[Entry] = ()
            receipts: Sequence[Receipt] = ()
            if evidence:
                head = await transaction.head()
                loop = asyncio.get_running_loop()
                entries, receipts = await loop.run_in_executor(
                    self._pool, self._seal, evidence, head
                )
            await transaction.write(Records(changes, tuple(entries), tuple(receipts)))
        self.trouble = ""
        if self._soundness is not None and entries:
            self._soundness.sealed(max(entry.at for entry in entries))
        self._telemetry.committed(len(changes), len(entries), self._clock.monotonic() - started)
        self._tell(changes)
        for proposal, change in decided:
            if not proposal.change.done():
                proposal.change.set_result(change)

    def _tell(self, changes: Sequence[Change]) -> None:
        rows = [row for change in changes for row in (*change.outbox, *change.resend)]
        if rows:
            for listener in self._listeners:
                listener(rows)


def _decide(proposal: _Proposal, known: Known) -> Change | None:
    """A decision that raises is its owner's trouble; the rest of the group goes on."""
    if proposal.change.done():
        return None
    try:
        change = proposal.decision(known)
    except Exception as error:  # noqa: BLE001 - handed to the owner, whatever it is
        proposal.fail(error)
        return None
    known.learn(change)
    return change


def _stopped() -> TransientError:
    return TransientError("nothing is written any more: the axis is stopping")
