"""One way in: from a submission, whatever its door, to its durable settlement.

Inspection runs in a bounded pool of threads; a submission that crashes it is quarantined: kept, shown,
answered, never lost and never blocking others. `handle` returns only when the settlement is on disk;
the door then acknowledges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from axisd.core.case import Case, prepare
from axisd.core.inspect import crashed, inspect
from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import Refusal
from axisd.core.records import INLINE_LIMIT, Change, Known
from axisd.core.schema import Schemas
from axisd.core.settlement import questions, settle
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.errors import AxisError, TransientError
from axisd.ports import Clock, Ledger, Settled, Telemetry
from axisd.service.allowances import Allowances
from axisd.service.commit import GroupCommit


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a door needs to answer: the state, and for a refusal its reason. `duplicate_of`: the submission that this
    one repeats, "" if none. `refused`: of an accepted one, the recipients that do not get it, by the code
    that stands for each, with the reasons; `warnings`: what its acceptance says besides. `kind`: document or
    status, "" if it could not be read."""

    submission_id: str
    state: SubmissionState
    refusal: Refusal | None = None
    duplicate_of: str = ""
    refused: tuple[tuple[str, Refusal], ...] = ()
    warnings: tuple[Refusal, ...] = ()
    kind: str = ""

    @property
    def answered_as(self) -> str:
        """The submission whose id the sender is answered: a repeat has that of the first."""
        return self.duplicate_of or self.submission_id


class Intake:
    """`view` is asked once per submission, so that a reload takes effect between two of them."""

    def __init__(
        self,
        view: Callable[[], View],
        schemas: Schemas,
        ledger: Ledger,
        commits: GroupCommit,
        clock: Clock,
        telemetry: Telemetry,
        pool: Executor,
        *,
        one_large: asyncio.Lock | None = None,
        allowances: Allowances | None = None,
    ) -> None:
        self._view = view
        self._schemas = schemas
        self._ledger = ledger
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry
        self._pool = pool
        # Parsing takes several times an envelope's size: large ones go one at a time.
        self._one_large = one_large or asyncio.Lock()
        self._allowances = allowances

    async def handle(self, submission: Submission) -> Settlement:
        """Settles `submission` durably. Raises TransientError or IntegrityError if it cannot be done."""
        self._telemetry.taken(submission)
        try:
            if len(submission.body) <= INLINE_LIMIT:
                return await self._settle(submission)
            async with self._one_large:
                return await self._settle(submission)
        except BaseException:
            self._telemetry.unsettled(submission)
            raise

    async def handle_large(self, load: Callable[[], Awaitable[Submission]]) -> Settlement:
        """The same for what need not be in memory before its turn: `load` brings it there."""
        async with self._one_large:
            submission = await load()
            self._telemetry.taken(submission)
            try:
                return await self._settle(submission)
            except BaseException:
                self._telemetry.unsettled(submission)
                raise

    async def _settle(self, submission: Submission) -> Settlement:
        started = self._clock.monotonic()
        if self._allowances is not None:
            submission = replace(submission, exceeded=self._allowances.exceeded(submission))
        view = self._view()
        case = await self._examine(submission, view)
        inspected = self._clock.monotonic()
        try:
            change = await self._decide(case, view)
        except AxisError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever crashed us is quarantined, not lost
            self._telemetry.trouble("settlement", error)
            keep = case.inspection.keep_payload
            case = _quarantined(submission, view, error, keep_payload=keep)
            change = await self._decide(case, view)
        assert change.submission is not None, "a settlement records its submission"
        ended = self._clock.monotonic()
        settlement = _outcome(submission.id, change)
        self._telemetry.settled(
            Settled(
                facts=case.facts,
                state=settlement.state,
                reason=change.submission.reason,
                deliveries=len(change.deliveries),
                seconds=ended - started,
                timings={"inspect": inspected - started, "commit": ended - inspected},
                redelivered=submission.redelivered,
                detail=f"{change.submission.at or ''}:{change.submission.line or ''}".strip(":"),
            )
        )
        return settlement

    async def _decide(self, case: Case, view: View) -> Change:
        if case.inspection.keep_payload:
            await self._ledger.stage(case.facts.digest, case.inspection.submission.body)

        def decision(known: Known) -> Change:
            return settle(case, known, view, mint=self._clock.new_id, now=self._clock.now())

        return await self._commits.decide(questions(case, view), decision, case.facts.lane)

    async def _examine(self, submission: Submission, view: View) -> Case:
        loop = asyncio.get_running_loop()
        try:
            examining = loop.run_in_executor(self._pool, _examined, submission, view, self._schemas)
        except RuntimeError as error:
            # No thread to be had: our trouble, which says nothing about the submission.
            raise TransientError(f"nothing can be inspected now: {error}") from error
        try:
            return await examining
        except Exception as error:  # noqa: BLE001 - whatever crashed us is quarantined, not lost
            self._telemetry.trouble("inspection", error)
            return _quarantined(submission, view, error)


def _examined(submission: Submission, view: View, schemas: Schemas) -> Case:
    return prepare(inspect(submission, view, schemas), view)


def _quarantined(
    submission: Submission, view: View, error: Exception, *, keep_payload: bool = True
) -> Case:
    what = type(error).__name__
    return prepare(crashed(submission, view, what, keep_payload=keep_payload), view)


def _outcome(submission_id: str, change: Change) -> Settlement:
    assert change.submission is not None, "a settlement records its submission"
    record = change.submission
    settlement = Settlement(
        submission_id,
        record.state,
        duplicate_of=record.duplicate_of or "",
        kind=record.facts.kind,
    )
    if record.state is SubmissionState.DUPLICATE:
        return settlement
    # The evidence of its rejection says why; an accepted status may carry another's refusal (02).
    told = change.evidence[0]
    if record.state is not SubmissionState.ACCEPTED:
        return replace(settlement, refusal=told.refusal)
    refused = tuple((o.organ, o.refusal) for o in told.recipients if o.refusal is not None)
    return replace(settlement, refused=refused, warnings=told.warnings)
