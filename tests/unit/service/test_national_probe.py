"""A probe goes over the national axis and comes back; nothing else is ever taken for one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.memory_national import MemoryNational
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.lifecycle import SubmissionState
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.ports import NationalAnswer, TransportStatus
from axisd.service.downlink import Downlink, Pace
from axisd.service.intake import Settlement
from axisd.service.national_probe import NationalProbe
from tests.support.values import FINANCE, HEALTH, MINISTRY, view
from tests.support.virtual import LoopClock, virtually

PROBE, TWIN = FINANCE, "H53.11"
"""The agency of the directory that stands in for the probe agency here, and its other code."""


class Bench:
    def __init__(self, current: View | None = None) -> None:
        self.national = MemoryNational()
        self.telemetry = RecordingTelemetry()
        self.clock = LoopClock()
        self.view = current or view(probe=PROBE)
        self.probe = NationalProbe(self.national, lambda: self.view, self.clock, self.telemetry)
        self.handed: list[Submission] = []
        self.downlink = Downlink(
            self.national,
            self.handle,
            MemoryLedger(),
            self.clock,
            self.telemetry,
            Pace(),
            self.probe.returned,
        )

    async def handle(self, handed: Submission) -> Settlement:
        self.handed.append(handed)
        return Settlement(handed.id, SubmissionState.ACCEPTED)

    def back(self, sender: str = PROBE, recipient: str = PROBE) -> None:
        """The national axis puts what was sent last into our mailbox."""
        self.national.offer(self.national.sent[-1].body, sender=sender, recipient=recipient)

    @property
    def reported(self) -> list[tuple[TransportStatus, str]]:
        return [(status, why) for _, status, why in self.national.reports]


def bench(work: Callable[[Bench], Awaitable[None]], current: View | None = None) -> None:
    async def run() -> None:
        await work(Bench(current))

    virtually(run())


def test_a_probe_goes_from_the_probe_agency_to_itself_and_its_way_back_is_timed() -> None:
    async def work(made: Bench) -> None:
        sent = await made.probe.send()
        (taken,) = made.national.sent
        assert (taken.kind, taken.sender, taken.recipients) == ("document", PROBE, (PROBE,))
        assert sent.answer == NationalAnswer("0", "", taken.doc_id)
        assert sent.seconds is None
        await asyncio.sleep(600)
        made.back()
        await made.downlink.look()
        known = made.probe.sent(sent.document_id)
        assert known is not None
        assert known.seconds == pytest.approx(600)
        assert known.answer == sent.answer

    bench(work)


@pytest.mark.parametrize("code", [PROBE, TWIN])
def test_what_comes_back_is_done_with_and_never_a_submission(code: str) -> None:
    async def work(made: Bench) -> None:
        await made.probe.send()
        made.back(code, code)
        assert await made.downlink.look()
        assert made.reported == [(TransportStatus.DONE, "")]
        assert made.handed == []
        assert ("fetch", "done", "") in made.telemetry.exchanges

    bench(work)


def test_one_that_nobody_waits_for_any_more_is_no_submission_either() -> None:
    async def work(made: Bench) -> None:
        made.national.offer(b"not even XML", sender=PROBE, recipient=PROBE)
        await made.downlink.look()
        assert made.reported == [(TransportStatus.DONE, "")]
        assert made.handed == []

    bench(work)


@pytest.mark.parametrize(
    ("sender", "recipient"), [(MINISTRY, PROBE), (PROBE, HEALTH), (HEALTH, HEALTH), ("", "")]
)
def test_what_is_not_from_the_probe_agency_to_itself_is_a_submission(
    sender: str, recipient: str
) -> None:
    async def work(made: Bench) -> None:
        sent = await made.probe.send()
        made.back(sender, recipient)
        await made.downlink.look()
        assert len(made.handed) == 1
        known = made.probe.sent(sent.document_id)
        assert known is not None
        assert known.seconds is None

    bench(work)


def test_without_a_probe_agency_nothing_is_sent_and_nothing_taken_for_a_probe() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(TransientError, match="no probe agency"):
            await made.probe.send()
        made.national.offer(b"<edXML/>", sender="", recipient="")
        await made.downlink.look()
        assert len(made.handed) == 1

    bench(work, view())


def test_what_the_national_axis_does_not_take_is_told_with_its_code() -> None:
    async def work(made: Bench) -> None:
        made.national.answers[PROBE] = NationalAnswer("19", "not registered")
        sent = await made.probe.send()
        assert sent.answer == NationalAnswer("19", "not registered")
        assert made.telemetry.exchanges == [("send", "code 19", "not registered")]

    bench(work)


def test_a_national_axis_that_is_away_is_told_as_such() -> None:
    async def work(made: Bench) -> None:
        made.national.reachable = False
        with pytest.raises(TransientError, match="cannot be reached"):
            await made.probe.send()
        assert made.telemetry.exchanges[-1][:2] == ("send", "failed")

    bench(work)


def test_it_may_be_back_before_the_answer_to_sending_it_is() -> None:
    async def work(made: Bench) -> None:
        send = made.national.send

        async def overtaken(body: bytes, **named: object) -> NationalAnswer:
            made.national.offer(body, sender=PROBE, recipient=PROBE)
            await made.downlink.look()
            return await send(body, kind="document", sender=PROBE, recipients=[PROBE])

        made.national.send = overtaken  # type: ignore[method-assign]
        sent = await made.probe.send()
        assert sent.seconds is not None
        assert sent.answer is not None

    bench(work)


def test_only_the_newest_probes_are_remembered() -> None:
    async def work(made: Bench) -> None:
        ids = []
        for _ in range(20):
            await asyncio.sleep(1)
            ids.append((await made.probe.send()).document_id)
        assert len(set(ids)) == 20
        assert made.probe.sent(ids[0]) is None
        assert made.probe.sent(ids[-1]) is not None

    bench(work)
