"""Group commit over the ledger in memory, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.case import prepare
from axisd.core.envelope import OtherInfo
from axisd.core.evidence import Entry, Evidence, Head, Receipt
from axisd.core.inspection import Inspection
from axisd.core.lifecycle import SubmissionState
from axisd.core.records import Change, Known, OutboxRow, Questions
from axisd.core.settlement import questions, settle
from axisd.errors import AxisError, IntegrityError, TransientError
from axisd.ports import Transaction
from axisd.service.commit import GroupCommit
from tests.support.values import HEALTH, OFFICE, UNKNOWN, document, inspected, seal, view
from tests.support.virtual import Inline, LoopClock, virtually

VIEW = view()


class Ledger(MemoryLedger):
    """A ledger whose next transactions fail as told: while reading, while writing, or after the commit."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Exception | None] = []
        self.after: list[Exception | None] = []
        self.transactions = 0
        self.slow = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.transactions += 1
        before = self.before.pop(0) if self.before else None
        after = self.after.pop(0) if self.after else None
        async with super().transaction() as transaction:
            if before is not None:
                raise before
            yield transaction
            await asyncio.sleep(self.slow)
        if after is not None:
            raise after


class Bench:
    """A group commit with everything around it, and who uses it."""

    def __init__(self, **changes: Any) -> None:
        self.ledger = Ledger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.sealed: list[list[str]] = []
        self.poison: set[str] = set()
        self.commits = GroupCommit(
            self.ledger, self.seal, self.clock, self.telemetry, Inline(), **changes
        )

    def seal(
        self, evidence: Sequence[Evidence], head: Head
    ) -> tuple[Sequence[Entry], Sequence[Receipt]]:
        if any(item.facts.document_id in self.poison for item in evidence):
            raise ValueError("this cannot be sealed")
        self.sealed.append([item.id for item in evidence])
        return seal(evidence, head)

    async def settle(self, inspection: Inspection) -> Change:
        case = prepare(inspection, VIEW)

        def decision(known: Known) -> Change:
            return settle(case, known, VIEW, mint=self.clock.new_id, now=self.clock.now())

        return await self.commits.decide(questions(case, VIEW), decision, case.facts.lane)

    async def settle_all(self, *inspections: Inspection) -> list[Change | BaseException]:
        return await asyncio.gather(
            *(self.settle(inspection) for inspection in inspections), return_exceptions=True
        )


def bench(work: Callable[[Bench], Any], **changes: Any) -> Any:
    """What `work` gives, with the committing task running beside it."""

    async def run() -> Any:
        made = Bench(**changes)
        committing = asyncio.create_task(made.commits.run())
        try:
            return await work(made)
        finally:
            committing.cancel()
            await asyncio.wait([committing])

    return virtually(run())


def states(changes: list[Change | BaseException]) -> list[str]:
    """The state of each submission, or the name of the error that its owner got."""
    return [
        str(change.submission.state)
        if isinstance(change, Change) and change.submission
        else type(change).__name__
        for change in changes
    ]


def documents(count: int) -> list[Inspection]:
    return [inspected(document(document_id=f"d-{number}")) for number in range(count)]


def test_urgent_submissions_are_settled_before_the_normal_ones_that_wait() -> None:
    async def work(made: Bench) -> list[str]:
        urgent = inspected(
            document(document_id="urgent", other=OtherInfo(priority="3")),
        )
        await made.settle_all(*documents(9), urgent)
        return [entry.content async for entry in made.ledger.entries()]

    contents = bench(work, most=3)
    place = next(n for n, content in enumerate(contents) if '"document":"urgent"' in content)
    assert place == 0
    assert len(contents) == 10


def test_what_waits_together_is_written_in_one_transaction() -> None:
    async def work(made: Bench) -> None:
        await made.settle_all(*documents(10))
        assert made.ledger.transactions == 1
        assert made.telemetry.commits == [(10, 10)]
        assert (await made.ledger.count())["delivery"] == 10

    bench(work)


def test_a_group_has_no_more_than_the_most() -> None:
    async def work(made: Bench) -> None:
        await made.settle_all(*documents(10))
        assert [changes for changes, _ in made.telemetry.commits] == [4, 4, 2]

    bench(work, most=4)


def test_what_comes_in_while_a_group_is_written_is_the_next_group() -> None:
    async def work(made: Bench) -> None:
        made.ledger.slow = 1.0
        first = asyncio.create_task(made.settle(documents(1)[0]))
        await asyncio.sleep(0.5)
        await made.settle_all(*documents(5)[1:])
        assert first.done()
        assert [changes for changes, _ in made.telemetry.commits] == [1, 4]

    bench(work)


def test_an_owner_hears_only_of_what_is_durable() -> None:
    async def work(made: Bench) -> None:
        made.ledger.slow = 1.0
        proposal = asyncio.create_task(made.settle(documents(1)[0]))
        await asyncio.sleep(0.9)
        assert not proposal.done()
        assert (await made.ledger.count())["submission"] == 0
        await proposal
        assert (await made.ledger.count())["submission"] == 1

    bench(work)


def test_listeners_hear_of_new_rows_once_they_are_durable_and_before_the_owner_does() -> None:
    async def work(made: Bench) -> None:
        heard: list[OutboxRow] = []
        durable: list[int] = []

        def listener(rows: Sequence[OutboxRow]) -> None:
            heard.extend(rows)
            durable.append(len(made.ledger._contents.outbox))

        made.commits.listen(listener)
        change = await made.settle(documents(1)[0])
        assert tuple(heard) == change.outbox
        assert durable == [2]
        again = await made.settle(documents(1)[0])
        assert heard[2:] == list(again.resend)

    bench(work)


def test_evidence_is_sealed_and_written_in_the_order_of_the_decisions() -> None:
    async def work(made: Bench) -> None:
        changes = await made.settle_all(*documents(20))
        decided = [
            e.id for change in changes if isinstance(change, Change) for e in change.evidence
        ]
        written = [entry.id async for entry in made.ledger.entries()]
        assert [key for group in made.sealed for key in group] == decided == written
        assert (await made.ledger.verify()).faults == ()

    bench(work, most=7)


def test_copies_in_one_group_see_each_other() -> None:
    async def work(made: Bench) -> None:
        one, other = inspected(document(), b"one"), inspected(document(), b"other")
        copies = [one, replace(one, submission=replace(one.submission, id="2")), other]
        changes = await made.settle_all(*copies)
        assert states(changes) == ["accepted", "duplicate", "refused"]
        assert made.ledger.transactions == 1

    bench(work)


def test_a_decision_that_raises_fails_alone_and_leaves_no_trace() -> None:
    async def work(made: Bench) -> None:
        first = inspected(document())

        def crash(known: Known) -> Change:
            settle(prepare(first, VIEW), known, VIEW, mint=made.clock.new_id, now=made.clock.now())
            raise ZeroDivisionError

        asked = questions(prepare(first, VIEW), VIEW)
        results = await asyncio.gather(
            made.commits.decide(asked, crash), made.settle(first), return_exceptions=True
        )
        assert isinstance(results[0], ZeroDivisionError)
        # The second one is not taken for a copy of what the first one did not live to write.
        assert states(list(results[1:])) == ["accepted"]
        assert made.telemetry.troubles == []

    bench(work)


def test_a_failure_that_heals_reaches_everybody_of_the_group_and_nothing_is_written() -> None:
    async def work(made: Bench) -> None:
        made.ledger.before = [TransientError("disk full")]
        changes = await made.settle_all(*documents(5))
        assert states(changes) == ["TransientError"] * 5
        assert (await made.ledger.count())["submission"] == 0
        assert [where for where, _ in made.telemetry.troubles] == ["ledger"]
        assert made.commits.trouble == "disk full"
        assert states(await made.settle_all(*documents(5))) == ["accepted"] * 5
        assert made.commits.trouble == ""

    bench(work)


@pytest.mark.parametrize("error", [TransientError("gone"), IntegrityError("gone")])
def test_a_commit_whose_outcome_was_lost_is_answered_as_seen_before_when_asked_again(
    error: AxisError,
) -> None:
    async def work(made: Bench) -> None:
        made.ledger.after = [error]
        (handed,) = documents(1)
        assert states(await made.settle_all(handed)) == [type(error).__name__]
        again = replace(handed, submission=replace(handed.submission, id="again"))
        assert states(await made.settle_all(again)) == ["duplicate"]

    bench(work)


def test_a_poisonous_proposal_harms_nobody_else() -> None:
    async def work(made: Bench) -> None:
        good, twice = documents(4), inspected(document(document_id="d-9"))
        await made.settle(twice)
        # The same submission id a second time contradicts the ledger.
        poison = replace(twice, digest="sha256:other", submission=twice.submission)
        changes = await made.settle_all(good[0], good[1], poison, good[2], good[3])
        assert states(changes) == ["accepted", "accepted", "IntegrityError", "accepted", "accepted"]
        assert [type(error) for _, error in made.telemetry.troubles] == [IntegrityError]
        assert (await made.ledger.verify()).faults == ()

    bench(work)


def test_evidence_that_cannot_be_sealed_harms_nobody_else() -> None:
    async def work(made: Bench) -> None:
        made.poison = {"d-1"}
        changes = await made.settle_all(*documents(3))
        assert states(changes) == ["accepted", "ValueError", "accepted"]
        assert states(await made.settle_all(*documents(4)[3:])) == ["accepted"]

    bench(work)


def test_when_the_ledger_is_locked_while_poison_is_sought_only_that_proposal_tries_again() -> None:
    async def work(made: Bench) -> None:
        made.poison = {"d-1"}
        made.ledger.before = [None, TransientError("locked")]
        changes = await made.settle_all(*documents(3))
        assert states(changes) == ["TransientError", "ValueError", "accepted"]

    bench(work)


def test_an_owner_that_went_away_is_not_decided_for() -> None:
    async def work(made: Bench) -> None:
        made.ledger.slow = 1.0
        first = asyncio.create_task(made.settle(documents(1)[0]))
        await asyncio.sleep(0.1)
        gone = asyncio.create_task(made.settle(documents(2)[1]))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.wait([first, gone])
        assert states(await made.settle_all(*documents(3)[2:])) == ["accepted"]
        assert (await made.ledger.count())["submission"] == 2

    bench(work)


def test_an_owner_that_goes_away_while_it_is_written_is_written_all_the_same() -> None:
    async def work(made: Bench) -> None:
        made.ledger.slow = 1.0
        gone = asyncio.create_task(made.settle(documents(1)[0]))
        await asyncio.sleep(0.5)
        gone.cancel()
        await asyncio.sleep(1.0)
        assert gone.cancelled()
        assert (await made.ledger.count())["submission"] == 1

    bench(work)


def test_the_queue_is_bounded_and_whoever_waits_for_room_gets_in_later() -> None:
    async def work(made: Bench) -> None:
        made.ledger.slow = 1.0
        changes = await made.settle_all(*documents(30))
        assert states(changes) == ["accepted"] * 30

    bench(work, most=2, waiting=3)


def test_when_it_ends_everybody_who_waits_is_told_and_nobody_hangs() -> None:
    async def work() -> None:
        made = Bench(most=1, waiting=2)
        made.ledger.slow = 1.0
        committing = asyncio.create_task(made.commits.run())
        owners = [asyncio.create_task(made.settle(item)) for item in documents(8)]
        await asyncio.sleep(0.5)
        committing.cancel()
        changes = await asyncio.gather(*owners, return_exceptions=True)
        assert states(list(changes)) == ["TransientError"] * 8
        assert states(await made.settle_all(*documents(9)[8:])) == ["TransientError"]
        assert (await made.ledger.count())["submission"] == 0

    virtually(work())


def test_a_decision_without_evidence_needs_no_seal() -> None:
    async def work(made: Bench) -> None:
        await made.commits.decide(Questions(), lambda _: Change())
        assert made.sealed == []
        assert made.telemetry.commits == [(1, 0)]

    bench(work)


def test_a_refused_and_a_duplicate_are_written_too() -> None:
    async def work(made: Bench) -> None:
        first = inspected(document(HEALTH, OFFICE))
        copy = replace(first, submission=replace(first.submission, id="copy"))
        nobody = inspected(document(UNKNOWN, document_id="u"))
        changes = await made.settle_all(first, copy, nobody)
        assert states(changes) == [
            SubmissionState.ACCEPTED,
            SubmissionState.DUPLICATE,
            SubmissionState.REFUSED,
        ]
        assert (await made.ledger.count())["submission"] == 3

    bench(work)


class Soundness:
    """A clock that is as sound as it is told to be; remembers what was sealed."""

    def __init__(self) -> None:
        self.why = ""
        self.last: list[datetime] = []

    def trouble(self) -> str:
        return self.why

    def sealed(self, at: datetime) -> None:
        self.last.append(at)


def test_under_an_unsound_clock_nothing_is_read_sealed_or_written() -> None:
    soundness = Soundness()

    async def work(made: Bench) -> None:
        soundness.why = "the clock was turned"
        refused = await made.settle_all(*documents(3))
        assert states(refused) == ["TransientError"] * 3
        assert "nothing is sealed: the clock was turned" in str(refused[0])
        assert (made.ledger.transactions, made.sealed, soundness.last) == (0, [], [])
        assert made.telemetry.commits == []
        assert (made.commits.trouble, made.telemetry.troubles) == ("", [])

    bench(work, soundness=soundness)


def test_when_the_clock_is_sound_again_everything_goes_on() -> None:
    soundness = Soundness()

    async def work(made: Bench) -> None:
        await made.settle(documents(1)[0])
        soundness.why = "the clock was turned"
        assert states(await made.settle_all(*documents(3)[1:])) == ["TransientError"] * 2
        soundness.why = ""
        assert states(await made.settle_all(*documents(3)[1:])) == ["accepted"] * 2
        assert (await made.ledger.count())["submission"] == 3
        assert [len(ids) for ids in made.sealed] == [1, 2]

    bench(work, soundness=soundness)


def test_the_watch_is_told_of_the_latest_time_that_was_sealed() -> None:
    soundness = Soundness()

    async def work(made: Bench) -> None:
        await made.settle_all(*documents(3))
        made.ledger.before = [TransientError("disk full")]
        await made.settle_all(inspected(document(document_id="d-9")))
        newest = [entry.at async for entry in made.ledger.entries()]
        assert soundness.last == [max(newest)]

    bench(work, soundness=soundness)
