"""The national axis's lists against the ledger, over both in memory, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

import axisd.service.compare as compare_module
from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory_national import MemoryNational
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.federation import Untaken
from axisd.core.interconnection import Trigger
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.reasons import Event, refuse
from axisd.core.reconciliation import NOT_TAKEN, Difference, Reconciliation, SentRow
from axisd.core.records import Change, DeliveryUpdate
from axisd.core.submission import Door, Submission
from axisd.errors import IntegrityError, TransientError
from axisd.ports import NationalItem, TransportStatus
from axisd.service.commit import GroupCommit
from axisd.service.heal import Healer
from axisd.service.intake import Settlement
from axisd.service.reconcile import AGAIN, Nights, Reconciler, last_runs, start_of
from tests.support.federation import G14, G15, accepted, refused, sent, waiting
from tests.support.ledger import SENDER, commit
from tests.support.values import seal, view
from tests.support.virtual import START, Inline, LoopClock, virtually

D = Difference
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = START - 2 * HOUR
PROBE = "000.00.90.H53"


class Bench:
    """A reconciler, and both sides that it compares."""

    def __init__(self) -> None:
        self.national = MemoryNational()
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.telemetry = RecordingTelemetry()
        self.commits = GroupCommit(self.ledger, seal, self.clock, self.telemetry, Inline())
        self.view = view(probe=PROBE)
        self.handed: list[Submission] = []
        self.state = SubmissionState.ACCEPTED
        self.nights = Nights(time(2), 3)
        healer = Healer(*(self.national, self.commits, self.clock, self.handle), lambda: self.view)
        self.reconciler = Reconciler(
            *(self.national, self.ledger, self.commits, self.clock, self.telemetry),
            healer,
            lambda: self.view,
            self.nights,
        )

    async def handle(self, submission: Submission) -> Settlement:
        self.handed.append(submission)
        turned_away = self.state is SubmissionState.REFUSED
        return Settlement(submission.id, self.state, refuse("empty") if turned_away else None)

    async def run(self, since: datetime | None = None) -> Reconciliation:
        return await self.reconciler.reconcile(
            Trigger.OPERATOR, since or self.nights.since(self.clock.now())
        )

    def listed(self, number: str, **changes: Any) -> SentRow:
        row = SentRow(number, SENDER, G14, "document", "12/QĐ-STC", BEFORE, "done", "", "done")
        row = replace(row, **changes)
        self.national.rows.append(row)
        return row


def bench(work: Callable[[Bench], Awaitable[None]]) -> None:
    async def run() -> None:
        made = Bench()
        committing = asyncio.create_task(made.commits.run())
        try:
            await work(made)
        finally:
            committing.cancel()
            await asyncio.wait([committing])

    virtually(run())


def kinds(run: Reconciliation) -> list[tuple[str, str, bool]]:
    return [(str(found.kind), found.number, found.healed) for found in run.found]


# what was sent


def test_lists_that_agree_are_clean_and_that_is_on_record() -> None:
    async def work(made: Bench) -> None:
        await sent(made.ledger, "n1", BEFORE)
        made.listed("n1")
        run = await made.run()
        assert (run.outcome, run.found) == ("clean", ())
        assert {name: (one.here, one.there) for name, one in run.compared.items()} == {
            "sent-document": (1, 1),
            "sent-status": (0, 0),
            "received-document": (0, 0),
            "received-status": (0, 0),
        }
        (last,) = await last_runs(made.ledger, 5)
        assert (last.outcome, last.trigger) == ("clean", "operator")
        assert made.telemetry.reconciliations == [run]

    bench(work)


def test_what_the_axis_lost_is_told_and_nothing_is_sent_again() -> None:
    async def work(made: Bench) -> None:
        await sent(made.ledger, "n1", BEFORE)
        run = await made.run()
        assert kinds(run) == [("lost", "n1", False)]
        assert run.outcome == "differences"
        assert made.national.sent == []

    bench(work)


def test_what_a_list_that_is_cut_short_leaves_out_is_asked_for_and_not_lost() -> None:
    async def work(made: Bench) -> None:
        for number in range(5):
            await sent(made.ledger, f"n{number}", BEFORE)
            made.listed(f"n{number}")
        made.national.listed = 2
        assert (await made.run()).outcome == "clean"

    bench(work)


def test_no_more_is_asked_for_than_a_bound_and_what_is_left_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        monkeypatch.setattr(compare_module, "ASKED", 2)
        for number in range(5):
            await sent(made.ledger, f"n{number}", BEFORE)
        run = await made.run()
        assert len(run.found) == 2
        assert run.outcome == "incomplete"
        assert "3 more" in run.incomplete["sent-document"]

    bench(work)


def test_what_nobody_here_sent_is_unknown_and_warned_of() -> None:
    async def work(made: Bench) -> None:
        made.listed("n9", notation="99/STC")
        assert kinds(await made.run()) == [("unknown", "n9", False)]

    bench(work)


def test_the_checks_own_probes_are_nobodys_messages() -> None:
    async def work(made: Bench) -> None:
        made.listed("n9", sender=PROBE, recipient=PROBE)
        assert (await made.run()).outcome == "clean"

    bench(work)


def test_a_second_copy_after_a_lost_answer_is_explained_as_such() -> None:
    async def work(made: Bench) -> None:
        await sent(made.ledger, "n2", BEFORE)
        made.listed("n1")
        made.listed("n2")
        assert kinds(await made.run()) == [("twice", "n1", False)]

    bench(work)


def test_what_the_axis_has_and_we_still_mean_to_send_is_unmarked() -> None:
    async def work(made: Bench) -> None:
        await waiting(made.ledger, BEFORE)
        made.listed("n1")
        run = await made.run()
        assert kinds(run) == [("unmarked", "n1", False)]
        assert "here it is queued" in run.found[0].sentence

    bench(work)


def test_a_number_like_ours_to_somebody_else_explains_nothing() -> None:
    async def work(made: Bench) -> None:
        await sent(made.ledger, "n2", BEFORE, to=G15)
        made.listed("n2", recipient=G15)
        made.listed("n1")
        assert kinds(await made.run()) == [("unknown", "n1", False)]

    bench(work)


def test_a_status_is_explained_by_another_between_the_same_two() -> None:
    async def work(made: Bench) -> None:
        of = await sent(made.ledger, "s1", BEFORE)
        contents = made.ledger._contents
        record = contents.submissions[of.record.facts.submission_id]
        status = replace(record, facts=replace(record.facts, kind="status"))
        contents.submissions[of.record.facts.submission_id] = status
        made.listed("s1", kind="status", notation="")
        made.listed("s0", kind="status", notation="", at=BEFORE - HOUR)
        made.listed("s9", kind="status", recipient=G15)
        assert kinds(await made.run()) == [("twice", "s0", False), ("unknown", "s9", False)]

    bench(work)


def test_rows_without_a_time_make_the_comparison_incomplete_and_accuse_nobody() -> None:
    async def work(made: Bench) -> None:
        made.listed("n9", at=None)
        run = await made.run()
        assert run.found == ()
        assert run.incomplete == {"sent-document": "1 rows have no time that can be read"}

    bench(work)


def test_a_sender_is_told_once_that_the_recipients_system_failed_and_the_next_run_is_clean() -> (
    None
):
    async def work(made: Bench) -> None:
        of = await sent(made.ledger, "n1", BEFORE)
        made.listed("n1", receive_status="fail", receive_words="lỗi đọc tệp")
        assert kinds(await made.run()) == [("refused-later", "n1", True)]
        told = [
            entry
            async for entry in made.ledger.entries()
            if entry.event is Event.CONTENT_HANDOVER_FAILURE
        ]
        assert [entry.delivery_id for entry in told] == [of.delivery.id]
        delivery = made.ledger._contents.deliveries[of.delivery.id]
        assert (delivery.state, delivery.reason) == (DeliveryState.SENT, NOT_TAKEN)
        again = await made.run()
        assert (again.outcome, again.found) == ("clean", ())

    bench(work)


# what was received


def test_what_is_settled_here_and_still_waits_there_is_called_done_again() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"x", recipient=SENDER)
        await accepted(made.ledger, f"document/{item.doc_id}", BEFORE)
        assert kinds(await made.run()) == [("still-listed", item.doc_id, True)]
        assert made.national.reports == [(item.doc_id, TransportStatus.DONE, "")]
        assert (await made.run()).found == ()

    bench(work)


def test_what_was_refused_here_and_still_waits_there_is_called_fail_again_with_its_reason() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"x", recipient=SENDER)
        await refused(made.ledger, f"document/{item.doc_id}", BEFORE)
        assert kinds(await made.run()) == [("still-listed", item.doc_id, True)]
        assert made.national.reports == [(item.doc_id, TransportStatus.FAIL, "schema-invalid")]

    bench(work)


def test_what_is_being_told_just_now_or_has_not_been_taken_yet_is_no_difference() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"x", recipient=SENDER)
        await accepted(made.ledger, f"document/{item.doc_id}", START - timedelta(minutes=1))
        made.national.offer(b"y", recipient=SENDER)
        run = await made.run()
        assert run.found == ()
        assert run.compared["received-document"].there == 2
        assert made.national.reports == []

    bench(work)


@pytest.mark.parametrize(
    ("state", "reports"),
    [
        (SubmissionState.ACCEPTED, []),
        (SubmissionState.DUPLICATE, []),
        (SubmissionState.REFUSED, [TransportStatus.FAIL]),
    ],
)
def test_what_the_axis_says_is_done_and_we_do_not_know_is_fetched_through_the_one_intake(
    state: SubmissionState, reports: list[TransportStatus]
) -> None:
    async def work(made: Bench) -> None:
        made.state = state
        item = made.national.offer(b"x", recipient=SENDER)
        key = made.national._items[item.doc_id]
        made.national._items[item.doc_id] = (replace(item, status="done"), *key[1:])
        assert kinds(await made.run()) == [("missing", item.doc_id, True)]
        (handed,) = made.handed
        assert (handed.door, handed.body) == (Door.NATIONAL, b"x")
        assert handed.external_id == f"document/{item.doc_id}"
        assert [status for _, status, _ in made.national.reports] == reports

    bench(work)


def test_what_cannot_be_healed_now_stands_and_says_why() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"x", recipient=SENDER)
        key = made.national._items[item.doc_id]
        made.national._items[item.doc_id] = (replace(item, status="done"), *key[1:])
        made.national.unreadable = {item.doc_id}
        run = await made.run()
        assert kinds(run) == [("missing", item.doc_id, False)]
        assert "cannot give" in run.found[0].sentence

    bench(work)


def test_what_could_not_be_taken_is_told_as_long_as_it_is_listed_and_then_as_vanished() -> None:
    async def work(made: Bench) -> None:
        listed = Untaken("document", "7", BEFORE, "G14", SENDER, BEFORE, 9, "code 20")
        gone = replace(listed, doc_id="8", listed=False)
        old = replace(gone, doc_id="9", tried_at=START - 30 * DAY)
        async with made.ledger.transaction() as transaction:
            for one in (listed, gone, old):
                await transaction.record_untaken(one)
        run = await made.run()
        assert kinds(run) == [("untaken", "7", False), ("vanished", "8", False)]
        assert "code 20" in run.found[0].sentence

    bench(work)


def test_a_count_that_disagrees_with_the_list_is_told() -> None:
    async def work(made: Bench) -> None:
        for _ in range(3):
            made.national.offer(b"x", recipient=SENDER)
        made.national.listed = 1
        assert kinds(await made.run()) == [("miscounted", "", False)]

    bench(work)


# runs


def test_a_list_that_cannot_be_had_makes_the_run_incomplete_and_the_rest_is_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        async def garbled(*_: object) -> list[NationalItem]:
            raise TransientError("a page for people")

        monkeypatch.setattr(made.national, "waiting", garbled)
        await sent(made.ledger, "n1", BEFORE)
        run = await made.run()
        assert kinds(run) == [("lost", "n1", False)]
        assert run.incomplete.keys() == {"received-document", "received-status"}

    bench(work)


def test_an_axis_that_is_away_makes_no_run_and_no_record() -> None:
    async def work(made: Bench) -> None:
        made.national.reachable = False
        with pytest.raises(TransientError, match="cannot be reached"):
            await made.run()
        assert await last_runs(made.ledger, 1) == []

    bench(work)


def test_one_run_at_a_time() -> None:
    async def work(made: Bench) -> None:
        first = asyncio.create_task(made.run())
        await asyncio.sleep(0)
        with pytest.raises(TransientError, match="under way"):
            await made.run()
        await first

    bench(work)


def test_an_operator_names_a_day_or_gets_as_many_as_the_nights_look_at() -> None:
    async def work(made: Bench) -> None:
        answer = await made.reconciler.asked("2026-01-01")
        assert answer["since"] == "2026-01-01T00:00:00.000+07:00"
        assert (await made.reconciler.asked(None))["since"] == "2026-01-02T00:00:00.000+07:00"
        assert answer["outcome"] == "clean"

    bench(work)


@pytest.mark.parametrize("day", ["yesterday", "", "2026-01-06", "0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_looked_at_is_no_run(day: str) -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(TransientError, match="no day until today"):
            await made.reconciler.asked(day)
        assert await last_runs(made.ledger, 1) == []

    bench(work)


def test_an_operators_run_hides_nothing_that_a_night_would_find() -> None:
    """It takes the place of the next one, and its counts are what operators see."""

    async def work(made: Bench) -> None:
        await sent(made.ledger, "n1", BEFORE - 2 * DAY)
        answer = await made.reconciler.asked("2026-01-05")
        assert answer["since"] == "2026-01-02T00:00:00.000+07:00"
        assert answer["open"]["lost"] == 1

    bench(work)


def test_each_night_one_run_is_held_by_itself() -> None:
    async def work(made: Bench) -> None:
        running = asyncio.create_task(made.reconciler.run())
        await asyncio.sleep(10 * 3600)  # 18:00 on the first day
        assert await last_runs(made.ledger, 9) == []
        await asyncio.sleep(3 * 86400)
        runs = await last_runs(made.ledger, 9)
        assert [run.at.astimezone(UTC).strftime("%d %H:%M") for run in runs[::-1]] == [
            "05 19:00",
            "06 19:00",
            "07 19:00",
        ]
        assert {run.trigger for run in runs} == {"timer"}
        assert made.telemetry.beats["reconcile"] > 1000
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_a_night_that_could_not_be_held_is_made_good_and_a_run_by_day_counts() -> None:
    async def work(made: Bench) -> None:
        made.national.reachable = False
        running = asyncio.create_task(made.reconciler.run())
        await asyncio.sleep(20 * 3600)  # 04:00
        assert await last_runs(made.ledger, 9) == []
        assert 4 <= len(made.telemetry.troubles) <= 9, "not tried at every look"
        made.national.reachable = True
        await asyncio.sleep(AGAIN + 60)
        assert len(await last_runs(made.ledger, 9)) == 1
        await made.reconciler.asked(None)
        await asyncio.sleep(12 * 3600)
        assert len(await last_runs(made.ledger, 9)) == 2
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_a_ledger_that_contradicts_itself_ends_no_night_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        async def broken(*_: object) -> list[object]:
            raise IntegrityError("an entry is not readable")

        running = asyncio.create_task(made.reconciler.run())
        with monkeypatch.context() as patched:
            patched.setattr(made.ledger, "about", broken)
            await asyncio.sleep(3600)
        assert [str(error) for _, error in made.telemetry.troubles][:1] == [
            "an entry is not readable"
        ]
        await asyncio.sleep(86400)
        assert len(await last_runs(made.ledger, 9)) == 1
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_nights_are_vietnams() -> None:
    nights = Nights(time(2), 3)
    at = datetime(2026, 1, 5, 18, 59, tzinfo=UTC)  # 01:59 in Vietnam on the sixth
    assert nights.last(at) == datetime(2026, 1, 4, 19, tzinfo=UTC)
    assert nights.last(at + timedelta(minutes=1)) == datetime(2026, 1, 5, 19, tzinfo=UTC)
    assert nights.since(at) == datetime(2026, 1, 2, 17, tzinfo=UTC)
    assert start_of(at, 0) == datetime(2026, 1, 5, 17, tzinfo=UTC)


async def test_a_record_that_cannot_be_read_contradicts_the_ledger() -> None:
    ledger = MemoryLedger()

    class Odd:
        async def about(self, subject: str, limit: int) -> list[Any]:
            of = await sent(ledger, "n1")
            await commit(
                ledger,
                Change(updates=(DeliveryUpdate(of.delivery.id, DeliveryState.SENT, "", ""),)),
            )
            return [entry async for entry in ledger.entries()][:limit]

    with pytest.raises(IntegrityError, match="no reconciliation"):
        await last_runs(Odd(), 1)
