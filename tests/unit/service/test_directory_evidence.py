"""Every change of the directory is in the ledger before anything is decided by it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.directory import Agency, Directory
from axisd.core.directory_text import SUBJECT, digest_of, directory_of, heard, text_of
from axisd.core.reasons import Event
from axisd.core.records import INLINE_LIMIT
from axisd.errors import IntegrityError, TransientError
from axisd.service.commit import GroupCommit
from axisd.service.directory_evidence import DirectoryEvidence
from tests.support.values import agency, directory, seal
from tests.support.virtual import Inline, LoopClock, virtually

FIRST = directory()
SECOND = directory([agency("H1"), agency("H2")])


class Bench:
    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.clock = LoopClock()
        self.commits = GroupCommit(self.ledger, seal, self.clock, RecordingTelemetry(), Inline())
        self.evidence = DirectoryEvidence(self.ledger, self.commits, self.clock)

    async def records(self) -> list[dict[str, Any]]:
        """Newest first."""
        entries = await self.ledger.about(SUBJECT, 100)
        assert {entry.event for entry in entries} <= {Event.DIRECTORY_CHANGE}
        return [heard(json.loads(entry.content)["particulars"]) for entry in entries]


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


def test_the_first_directory_is_noted_whole() -> None:
    async def work(made: Bench) -> None:
        assert await made.evidence.note(FIRST) is True
        (record,) = await made.records()
        assert (record["before"], record["after"]) == (None, digest_of(text_of(FIRST)))
        kept = await made.ledger.payload(record["after"])
        assert kept is not None
        assert directory_of(kept) == FIRST
        assert (await made.ledger.verify()).faults == ()

    bench(work)


def test_the_same_directory_again_is_not_noted_also_by_another_process() -> None:
    async def work(made: Bench) -> None:
        await made.evidence.note(FIRST)
        assert await made.evidence.note(directory()) is False
        again = DirectoryEvidence(made.ledger, made.commits, made.clock)
        assert await again.note(FIRST) is False
        assert len(await made.records()) == 1

    bench(work)


def test_a_change_is_noted_with_what_was_and_what_is_and_so_is_the_way_back() -> None:
    async def work(made: Bench) -> None:
        for each in (FIRST, SECOND, FIRST):
            assert await made.evidence.note(each) is True
        back, change, _ = await made.records()
        digests = digest_of(text_of(FIRST)), digest_of(text_of(SECOND))
        assert (change["before"], change["after"]) == digests
        assert (back["before"], back["after"]) == digests[::-1]
        assert change["added"] == back["removed"] == 2
        assert {row["agency"] for row in change["rows"] if "agency" in row} >= {"H1", "H2"}

    bench(work)


def test_a_directory_too_large_to_travel_along_is_staged_first() -> None:
    async def work(made: Bench) -> None:
        large = Directory.of([Agency(f"H{n}", "x" * 1000) for n in range(1100)], [])
        assert len(text_of(large)) > INLINE_LIMIT
        await made.evidence.note(large)
        (record,) = await made.records()
        assert await made.ledger.payload(record["after"]) == text_of(large)

    bench(work)


def test_an_entry_that_says_nothing_of_a_directory_is_not_passed_over() -> None:
    async def work(made: Bench) -> None:
        await made.evidence.note(FIRST)
        (entry,) = await made.ledger.about(SUBJECT, 1)
        object.__setattr__(entry, "content", "{}")
        again = DirectoryEvidence(made.ledger, made.commits, made.clock)
        with pytest.raises(IntegrityError, match="entry 1"):
            await again.note(SECOND)

    bench(work)


def test_what_changes_nothing_needs_no_ledger_and_what_cannot_be_noted_is_no_change() -> None:
    async def work(made: Bench) -> None:
        await made.evidence.note(FIRST)
        await made.ledger.close()
        assert await made.evidence.note(directory()) is False
        with pytest.raises(TransientError):
            await made.evidence.note(SECOND)
        with pytest.raises(TransientError):
            await made.evidence.note(SECOND)

    bench(work)
