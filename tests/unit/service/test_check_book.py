"""Checks are put on record by the daemon, once they are durable told of, and read again from the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory_national import MemoryNational
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.evidence import Evidence, own_facts
from axisd.core.interconnection import SUBJECT, CheckRun, Item, Outcome, Trigger
from axisd.core.reasons import Event
from axisd.core.records import Change, Questions
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time
from axisd.errors import IntegrityError, TransientError
from axisd.ports import NationalAnswer
from axisd.service.check_book import CheckBook, last_checks
from axisd.service.commit import GroupCommit
from axisd.service.national_probe import NationalProbe
from tests.support.values import FINANCE, seal, view
from tests.support.virtual import Inline, LoopClock, virtually

BEGAN = datetime(2026, 1, 5, 0, 59, tzinfo=UTC)


def run(outcome: Outcome = Outcome.PASSED, trigger: Trigger = Trigger.TIMER) -> CheckRun:
    return CheckRun(trigger, BEGAN, (Item("clock", outcome, Phrase("as it is", "như vốn có")),))


class Bench:
    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.book = CheckBook(self.commits, self.clock, self.telemetry)
        self.national = MemoryNational()

    def join(self) -> None:
        self.book.national = NationalProbe(
            self.national, lambda: view(probe=FINANCE), self.clock, self.telemetry
        )


def bench(work: Callable[[Bench], Awaitable[None]]) -> None:
    async def begin() -> None:
        made = Bench()
        committing = asyncio.create_task(made.commits.run())
        try:
            await work(made)
        finally:
            committing.cancel()
            await asyncio.wait([committing])

    virtually(begin())


def test_a_check_is_an_entry_without_a_receipt_and_is_told_of() -> None:
    async def work(made: Bench) -> None:
        kept = run(Outcome.FAILED)
        answer = await made.book.record(kept.particulars())
        (check,) = await last_checks(made.ledger, 10)
        assert (check.run, wire_time(check.at)) == (kept, answer["at"])
        (entry,) = await made.ledger.about(SUBJECT, 10)
        assert (entry.id, entry.event) == (answer["id"], Event.INTERCONNECTION_CHECK)
        assert await made.ledger.receipt(entry.id) is None
        assert await made.ledger.outbox_summary() == []
        assert made.telemetry.checks == [kept]
        assert (await made.ledger.verify()).faults == ()

    bench(work)


def test_the_newest_checks_come_first_and_no_more_than_asked_for() -> None:
    async def work(made: Bench) -> None:
        for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.WARNED):
            await made.book.record(run(outcome).particulars())
            await asyncio.sleep(60)
        found = await last_checks(made.ledger, 2)
        assert [check.run.items[0].outcome for check in found] == [Outcome.WARNED, Outcome.FAILED]

    bench(work)


@pytest.mark.parametrize("particulars", [{}, {"outcome": "passed"}, {"x": 1}])
def test_what_is_no_check_is_not_recorded(particulars: dict[str, object]) -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(TransientError, match="no interconnection check"):
            await made.book.record(particulars)
        assert await made.ledger.about(SUBJECT, 10) == []
        assert made.telemetry.checks == []

    bench(work)


def test_a_record_that_cannot_be_read_is_a_contradiction() -> None:
    async def work(made: Bench) -> None:
        now = made.clock.now()
        odd = Evidence("odd", Event.INTERCONNECTION_CHECK, now, own_facts(SUBJECT, now))
        await made.commits.decide(Questions(), lambda _: Change(evidence=(odd,)))
        with pytest.raises(IntegrityError, match="cannot be read"):
            await last_checks(made.ledger, 1)

    bench(work)


def test_a_probe_is_sent_once_and_then_asked_about() -> None:
    async def work(made: Bench) -> None:
        made.join()
        sent = await made.book.probe_national(None)
        assert (sent["code"], sent["doc_id"], sent["seconds"]) == ("0", "1", None)
        again = await made.book.probe_national(sent["document_id"])
        assert again == sent
        assert len(made.national.sent) == 1

    bench(work)


def test_a_probe_that_was_refused_says_why() -> None:
    async def work(made: Bench) -> None:
        made.join()
        made.national.answers[FINANCE] = NationalAnswer("23", "locked")
        sent = await made.book.probe_national(None)
        assert (sent["code"], sent["text"]) == ("23", "locked")

    bench(work)


def test_what_cannot_be_asked_is_told_in_a_sentence() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(TransientError, match="not joined"):
            await made.book.probe_national(None)
        made.join()
        with pytest.raises(TransientError, match="no such probe"):
            await made.book.probe_national("D1")

    bench(work)
