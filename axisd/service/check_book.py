"""Keeps interconnection checks on record, and answers what the command that checks asks of the daemon.

The command runs as a process of its own, sees the axis as agencies do, and hands its result in here: the
daemon is the ledger's only writer. What is recorded is evidence about the axis itself, without a receipt.

Going wrong: a result that is none is refused with TransientError, and nothing is recorded; a ledger that
cannot be written raises what `GroupCommit` raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from axisd.core.evidence import Entry
from axisd.core.interconnection import SUBJECT, RecordedCheck, evidence_of, recorded, run_of
from axisd.core.records import Change, Known, Questions
from axisd.core.zone import wire_time
from axisd.errors import IntegrityError, TransientError
from axisd.ports import Clock, Telemetry
from axisd.service.commit import GroupCommit
from axisd.service.national_probe import NationalProbe

Answer = dict[str, Any]


class About(Protocol):
    """A ledger, or a reader of one."""

    async def about(self, subject: str, limit: int) -> Sequence[Entry]: ...


async def last_checks(ledger: About, limit: int) -> list[RecordedCheck]:
    """The newest checks on record, newest first. Raises IntegrityError where one cannot be read."""
    entries = await ledger.about(SUBJECT, limit)
    try:
        return [recorded(entry) for entry in entries]
    except ValueError as error:
        raise IntegrityError(f"a record of a check cannot be read: {error}") from error


class Reconciles(Protocol):
    """Reconciliation with the national axis (`axisd.service.reconcile`)."""

    async def asked(self, since: str | None) -> Answer:
        """One run now, from the day `since` on."""


class CheckBook:
    """`national` and `reconciler` are None while this axis is not joined to the national axis."""

    def __init__(self, commits: GroupCommit, clock: Clock, telemetry: Telemetry) -> None:
        self.national: NationalProbe | None = None
        self.reconciler: Reconciles | None = None
        self._commits = commits
        self._clock = clock
        self._telemetry = telemetry

    async def record(self, particulars: Mapping[str, object]) -> Answer:
        """Puts one check on record: its entry's id and time. `particulars`: `CheckRun.particulars`."""
        try:
            run = run_of(particulars)
        except ValueError as error:
            raise TransientError(str(error)) from error
        key, at = self._clock.new_id(), self._clock.now()
        evidence = evidence_of(run, key, at)

        def decide(_: Known) -> Change:
            return Change(evidence=(evidence,))

        await self._commits.decide(Questions(), decide)
        self._telemetry.checked(at, run)
        return {"id": key, "at": wire_time(at)}

    async def reconcile(self, since: str | None) -> Answer:
        """Compares the national axis's lists with the ledger, heals what is safe, and puts it on record."""
        if self.reconciler is None:
            raise TransientError("the running axis is not joined to the national axis: restart it")
        return await self.reconciler.asked(since)

    async def probe_national(self, document_id: str | None) -> Answer:
        """Sends a probe over the national axis; with a DocumentId, what became of that one.

        `seconds` is how long it took to come back, None until it does; `code` what the national axis said.
        """
        if self.national is None:
            raise TransientError("the running axis is not joined to the national axis: restart it")
        if document_id is None:
            probe = await self.national.send()
        elif (known := self.national.sent(document_id)) is not None:
            probe = known
        else:
            raise TransientError("the running axis has sent no such probe: was it restarted?")
        answer = probe.answer
        return {
            "document_id": probe.document_id,
            "code": answer.code if answer else None,
            "text": answer.text if answer else "",
            "doc_id": answer.doc_id if answer else "",
            "seconds": probe.seconds,
        }
