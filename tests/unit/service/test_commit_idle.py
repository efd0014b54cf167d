"""The committing task shows signs of life while nobody has anything to decide."""

import asyncio

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.service.commit import GroupCommit
from axisd.service.heartbeat import Pulse
from tests.support.values import seal
from tests.support.virtual import Inline, LoopClock, virtually


def test_an_hour_without_proposals_is_no_silence() -> None:
    async def work() -> list[str]:
        clock = LoopClock()
        pulse = Pulse(clock)
        telemetry = RecordingTelemetry()
        commits = GroupCommit(MemoryLedger(), seal, clock, telemetry, Inline())
        committing = asyncio.create_task(commits.run())
        pulse.expect("commit")
        silent: list[str] = []
        for _ in range(360):
            before = telemetry.beats.get("commit", 0)
            await asyncio.sleep(10)
            if telemetry.beats.get("commit", 0) > before:
                pulse.beat("commit")
            silent += pulse.silent()
        committing.cancel()
        await asyncio.wait([committing])
        return silent

    assert virtually(work()) == []
