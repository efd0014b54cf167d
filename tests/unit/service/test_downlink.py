"""What waits on the national axis, over the national axis in memory, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory_national import MemoryNational
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import refuse
from axisd.core.records import INLINE_LIMIT
from axisd.core.submission import Door, Submission
from axisd.errors import IntegrityError, TransientError
from axisd.ports import NationalItem, TransportStatus
from axisd.service.downlink import ENOUGH, MOST, Downlink, Pace, verdict
from axisd.service.intake import Settlement
from tests.support.values import FINANCE, HEALTH, OFFICE
from tests.support.virtual import LoopClock, virtually

ACCEPTED, DUPLICATE = SubmissionState.ACCEPTED, SubmissionState.DUPLICATE
REFUSED, QUARANTINED = SubmissionState.REFUSED, SubmissionState.QUARANTINED
DONE, FAIL = TransportStatus.DONE, TransportStatus.FAIL


class Bench:
    """A downlink between a national axis and an intake that does as it is told."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.national = MemoryNational()
        self.telemetry = RecordingTelemetry()
        self.handed: list[Submission] = []
        self.answers: dict[bytes, SubmissionState | Exception] = {}
        self.seconds = 0.0
        self.now = 0
        self.most = 0
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.pace = pace or Pace()
        self.start()

    def start(self) -> None:
        """A downlink that knows nothing but the ledger."""
        self.downlink = Downlink(
            *(self.national, self.handle, self.ledger, self.clock, self.telemetry, self.pace)
        )

    async def handle(self, handed: Submission) -> Settlement:
        self.handed.append(handed)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        answer = self.answers.get(handed.body, ACCEPTED)
        if isinstance(answer, Exception):
            raise answer
        refusal = refuse("document-id-reused", time="…", digest="…") if answer is REFUSED else None
        return Settlement(handed.id, answer, refusal)

    @property
    def reported(self) -> dict[str, TransportStatus]:
        return {doc_id: status for doc_id, status, _ in self.national.reports}


def bench(work: Callable[[Bench], Awaitable[None]], pace: Pace | None = None) -> None:
    async def run() -> None:
        await work(Bench(pace))

    virtually(run())


def test_an_item_comes_in_through_the_one_intake_with_its_circumstances() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"document", recipient=HEALTH, sender="G14")
        made.national.offer(b"status", recipient=FINANCE, kind="status")
        assert await made.downlink.look()
        document, status = made.handed
        assert (document.door, document.body, document.account) == (
            Door.NATIONAL,
            b"document",
            None,
        )
        assert (document.external_id, document.addressed_to) == ("document/1", (HEALTH,))
        assert (status.external_id, status.addressed_to) == ("status/2", (FINANCE,))
        assert made.reported == {"1": DONE, "2": DONE}

    bench(work)


def test_an_item_without_a_recipient_is_for_whom_the_envelope_names() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"document", recipient="")
        await made.downlink.look()
        assert made.handed[0].addressed_to == ()

    bench(work)


def test_done_is_said_only_after_our_own_commit() -> None:
    async def work(made: Bench) -> None:
        made.seconds = 10.0
        made.national.offer(b"document", recipient=HEALTH)
        looking = asyncio.create_task(made.downlink.look())
        await asyncio.sleep(9.0)
        assert made.national.reports == []
        await looking
        assert made.reported == {"1": DONE}

    bench(work)


def test_a_duplicate_is_done_and_a_refusal_fails_with_its_reason() -> None:
    async def work(made: Bench) -> None:
        made.answers = {b"again": DUPLICATE, b"refused": REFUSED, b"crashed": QUARANTINED}
        for body in made.answers:
            made.national.offer(body, recipient=HEALTH)
        assert await made.downlink.look()
        assert made.reported == {"1": DONE, "2": FAIL, "3": FAIL}
        reasons = [why for _, _, why in made.national.reports]
        assert reasons[0] == ""
        assert reasons[1].startswith("document-id-reused: ")
        assert await made.national.count("document") == 0

    bench(work)


def test_what_cannot_be_settled_for_now_stays_and_comes_again() -> None:
    async def work(made: Bench) -> None:
        made.answers = {b"a": TransientError("locked")}
        made.national.offer(b"a", recipient=HEALTH)
        made.national.offer(b"b", recipient=OFFICE)
        assert await made.downlink.look()
        assert made.reported == {"2": DONE}
        made.answers.clear()
        assert await made.downlink.look()
        assert made.reported == {"1": DONE, "2": DONE}
        assert [handed.external_id for handed in made.handed] == [
            "document/1",
            "document/2",
            "document/1",
        ]

    bench(work)


def test_an_envelope_that_cannot_be_fetched_for_now_stays_and_keeps_nobody_out() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"a", recipient=HEALTH)
        made.national.offer(b"b", recipient=OFFICE)
        made.national.unreadable = {"1"}
        await made.downlink.look()
        assert made.reported == {"2": DONE}
        assert ("fetch", "failed") in [(what, how) for what, how, _ in made.telemetry.exchanges]
        assert not await made.downlink.look(), "nothing could be taken, so there is no hurry"
        made.national.unreadable.clear()
        await asyncio.sleep(2)
        assert await made.downlink.look()

    bench(work)


def test_what_fails_again_and_again_is_tried_ever_more_seldom_kept_for_operators_and_never_given_up() -> (
    None
):
    async def work(made: Bench) -> None:
        item = made.national.offer(b"a", recipient=HEALTH, sender="G14")
        made.national.unreadable = {item.doc_id}
        running = asyncio.create_task(made.downlink.run())
        await asyncio.sleep(2 * 86400)
        tries = [how for what, how, _ in made.telemetry.exchanges if what == "fetch"]
        assert 48 * 4 < len(tries) < 48 * 7, "about every ten minutes"
        (kept,) = await made.ledger.untaken(10)
        assert (kept.kind, kept.doc_id, kept.recipient) == ("document", item.doc_id, HEALTH)
        assert (kept.tries, kept.listed) == (len(tries), True)
        assert "cannot give" in kept.cause
        assert made.telemetry.left_untaken[-1] == 1
        assert made.national.reports == []
        made.national.unreadable.clear()
        await asyncio.sleep(800)
        assert made.reported == {item.doc_id: DONE}
        assert await made.ledger.untaken(10) == []
        assert made.telemetry.left_untaken[-1] == 0
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_what_could_not_be_taken_is_remembered_over_a_restart() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"a", recipient=HEALTH)
        made.national.unreadable = {item.doc_id}
        for _ in range(2):
            running = asyncio.create_task(made.downlink.run())
            await asyncio.sleep(3600)
            running.cancel()
            await asyncio.wait([running])
            made.start()
        (kept,) = await made.ledger.untaken(10)
        assert kept.since < made.clock.now() - timedelta(hours=1.9)
        assert kept.tries > 10

    bench(work)


def test_what_is_no_longer_listed_and_never_came_stays_for_operators() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"a", recipient=HEALTH)
        made.national.unreadable = {item.doc_id}
        for _ in range(4):
            await made.downlink.look()
            await asyncio.sleep(10)
        await made.national.report(item, DONE)
        await made.downlink.look()
        assert [kept.listed for kept in await made.ledger.untaken(10)] == [False]
        assert made.telemetry.left_untaken[-1] == 0
        assert made.telemetry.exchanges[-2][:2] == ("fetch", "gone")
        await made.downlink.look()
        assert len([1 for what, how, _ in made.telemetry.exchanges if how == "gone"]) == 1

    bench(work)


def test_a_list_that_names_less_than_is_counted_is_told_and_the_rest_comes_later() -> None:
    async def work(made: Bench) -> None:
        for number in range(5):
            made.national.offer(b"%d" % number, recipient=HEALTH)
        made.national.listed = 2
        assert await made.downlink.look()
        assert len(made.reported) == 2
        short = [said for what, how, said in made.telemetry.exchanges if how == "short"]
        assert short == ["2 of kind document are listed, and 5 are counted"]
        await made.downlink.look()
        await made.downlink.look()
        assert len(made.reported) == 5

    bench(work)


def test_a_short_list_is_no_reason_to_call_anything_gone() -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"a", recipient=HEALTH)
        made.national.unreadable = {item.doc_id}
        for _ in range(4):
            await made.downlink.look()
            await asyncio.sleep(10)
        made.national.listed = 0
        await made.downlink.look()
        assert [kept.listed for kept in await made.ledger.untaken(10)] == [True]

    bench(work)


def test_a_list_that_cannot_be_had_keeps_not_the_other_one_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        waiting = made.national.waiting

        async def garbled(kind: str) -> Sequence[NationalItem]:
            if kind == "document":
                raise TransientError("a page for people")
            return await waiting(kind)

        monkeypatch.setattr(made.national, "waiting", garbled)
        made.national.offer(b"a", recipient=HEALTH, kind="status")
        assert await made.downlink.look()
        assert made.reported == {"1": DONE}

    bench(work)


def test_a_count_that_cannot_be_had_keeps_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(made: Bench) -> None:
        async def garbled(_: str) -> int:
            raise TransientError("not a count")

        monkeypatch.setattr(made.national, "count", garbled)
        made.national.offer(b"a", recipient=HEALTH)
        assert await made.downlink.look()
        assert ("count", "failed") in [(what, how) for what, how, _ in made.telemetry.exchanges]

    bench(work)


def test_a_number_listed_for_two_recipients_is_one_item_for_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        item = made.national.offer(b"a", recipient=HEALTH)

        async def waiting(kind: str) -> list[NationalItem]:
            return [item, replace(item, recipient=OFFICE), item] if kind == "document" else []

        monkeypatch.setattr(made.national, "waiting", waiting)
        await made.downlink.look()
        (handed,) = made.handed
        assert handed.addressed_to == (HEALTH, OFFICE)
        assert made.national.reports == [(item.doc_id, DONE, "")]

    bench(work)


def test_large_envelopes_are_in_memory_one_at_a_time_and_small_ones_pass_them_by() -> None:
    async def work(made: Bench) -> None:
        made.seconds = 10.0
        large = [bytes([n]) * (INLINE_LIMIT + 1) for n in range(3)]
        for body in (*large, b"small"):
            made.national.offer(body, recipient=HEALTH)
        looking = asyncio.create_task(made.downlink.look())
        await asyncio.sleep(9.0)
        assert sorted(len(handed.body) for handed in made.handed) == [5, INLINE_LIMIT + 1]
        await looking
        assert [len(handed.body) for handed in made.handed].count(INLINE_LIMIT + 1) == 3
        assert made.most == 2

    bench(work)


def test_an_axis_that_gives_nothing_is_not_asked_for_each_of_a_thousand_items() -> None:
    async def work(made: Bench) -> None:
        items = [made.national.offer(b"%d" % n, recipient=HEALTH) for n in range(200)]
        made.national.unreadable = {item.doc_id for item in items}
        made.national.offer(b"a", recipient=HEALTH, kind="status")
        await made.downlink.look()
        fetched = [how for what, how, _ in made.telemetry.exchanges if what == "fetch"]
        assert fetched.count("failed") <= ENOUGH + Pace().at_once
        assert fetched[-1] == "done", "and the other list has its turn"

    bench(work)


def test_what_cannot_be_taken_does_not_keep_out_what_comes_behind_it() -> None:
    async def work(made: Bench) -> None:
        stuck = [made.national.offer(b"%d" % n, recipient=HEALTH) for n in range(50)]
        made.national.unreadable = {item.doc_id for item in stuck}
        good = made.national.offer(b"good", recipient=HEALTH)
        running = asyncio.create_task(made.downlink.run())
        await asyncio.sleep(900)
        assert made.reported == {good.doc_id: DONE}
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_a_report_that_did_not_arrive_brings_the_item_again() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"a", recipient=HEALTH)
        made.seconds = 1.0
        looking = asyncio.create_task(made.downlink.look())
        await asyncio.sleep(0.5)
        made.national.reachable = False
        assert not await looking
        made.national.reachable = True
        made.answers = {b"a": DUPLICATE}
        await made.downlink.look()
        assert len(made.handed) == 2
        assert made.reported == {"1": DONE}

    bench(work)


def test_a_contradiction_in_the_ledger_ends_the_run() -> None:
    async def work(made: Bench) -> None:
        made.answers = {b"a": IntegrityError("the chain is broken")}
        made.national.offer(b"a", recipient=HEALTH)
        with pytest.raises(ExceptionGroup) as raised:
            await made.downlink.run()
        assert raised.group_contains(IntegrityError)
        assert made.national.reports == []

    bench(work)


def test_an_item_that_crashes_us_keeps_nobody_out() -> None:
    async def work(made: Bench) -> None:
        made.answers = {b"a": ZeroDivisionError()}
        made.national.offer(b"a", recipient=HEALTH)
        made.national.offer(b"b", recipient=OFFICE)
        assert await made.downlink.look()
        assert made.reported == {"2": DONE}
        assert [where for where, _ in made.telemetry.troubles] == ["downlink"]

    bench(work)


def test_no_more_than_so_many_are_in_hand_at_once() -> None:
    async def work(made: Bench) -> None:
        made.seconds = 1.0
        for number in range(10):
            made.national.offer(bytes([number]), recipient=HEALTH)
        await made.downlink.look()
        assert made.most == 3
        assert len(made.reported) == 10

    bench(work, Pace(at_once=3))


def test_polling_is_quick_after_traffic_and_slow_when_it_is_quiet() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"a", recipient=HEALTH)
        running = asyncio.create_task(made.downlink.run())
        await asyncio.sleep(0.1)
        looks = _looks(made)
        await asyncio.sleep(3600)
        quiet = _looks(made) - looks
        assert 3600 / 72 <= quiet <= 3600 / 48 + 8
        made.national.offer(b"b", recipient=HEALTH)
        await asyncio.sleep(72)
        assert made.reported == {"1": DONE, "2": DONE}
        looks = _looks(made)
        await asyncio.sleep(4)
        assert _looks(made) - looks <= 4
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def _looks(made: Bench) -> int:
    return sum(what == "list" for what, _, _ in made.telemetry.exchanges) // 2


def test_an_item_that_never_can_be_taken_does_not_keep_polling_quick() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"a", recipient=HEALTH)
        made.national.unreadable = {"1"}
        running = asyncio.create_task(made.downlink.run())
        await asyncio.sleep(3600)
        assert _looks(made) < 100
        running.cancel()
        await asyncio.wait([running])

    bench(work)


@pytest.mark.parametrize("state", [REFUSED, DUPLICATE])
def test_an_item_that_never_leaves_the_list_does_not_fill_the_ledger(
    state: SubmissionState, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(made: Bench) -> None:
        async def deaf(*_: object) -> None:
            """Says thanks and forgets."""

        monkeypatch.setattr(made.national, "report", deaf)
        made.answers = {b"a": state}
        made.national.offer(b"a", recipient=HEALTH)
        running = asyncio.create_task(made.downlink.run())
        await asyncio.sleep(24 * 3600)
        assert 24 <= len(made.handed) <= 40, "about once an hour"
        made.national.offer(b"b", recipient=HEALTH)
        await asyncio.sleep(75)
        assert made.handed[-1].body == b"b", "and keeps nobody out"
        running.cancel()
        await asyncio.wait([running])

    bench(work)


def test_an_item_listed_a_thousand_times_is_taken_up_once_and_of_an_endless_list_a_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(made: Bench) -> None:
        items = [made.national.offer(b"%d" % n, recipient=HEALTH) for n in range(MOST + 2)]
        made.answers = {b"%d" % n: REFUSED for n in range(MOST + 2)}

        async def waiting(kind: str) -> list[NationalItem]:
            return [*items[:1] * 1000, *items] if kind == "document" else []

        monkeypatch.setattr(made.national, "waiting", waiting)
        await made.downlink.look()
        assert [handed.body for handed in made.handed] == [b"%d" % n for n in range(MOST)]

    bench(work)


def test_an_axis_out_of_reach_is_asked_again_and_told() -> None:
    async def work(made: Bench) -> None:
        made.national.reachable = False
        assert not await made.downlink.look()
        assert [(what, how) for what, how, _ in made.telemetry.exchanges] == [("list", "failed")]

    bench(work)


def test_waits_double_up_to_the_slow_pace() -> None:
    pace = Pace(quick=1.0, slow=5.0)
    waits = [1.0]
    for _ in range(4):
        waits.append(pace.after(waits[-1], busy=False))
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert pace.after(5.0, busy=True) == 1.0


@pytest.mark.parametrize("state", list(SubmissionState))
def test_every_state_has_a_verdict(state: SubmissionState) -> None:
    status, why = verdict(Settlement("1", state, None))
    assert (status is DONE) == (state in {ACCEPTED, DUPLICATE})
    assert (why == "") == (status is DONE)
