"""Evidence that the directory changed, whoever changed it and however.

The daemon calls `note` with every directory before it decides by it: at its start and at a reload. If it is
not the one that the ledger's last entry about it names, a new entry says what changed, and the whole text
is kept as a payload, so that for any past instant it can be shown what the axis knew then. A hand edit of
the files is evidenced like an import; who made it is not known here and not said.

Going wrong: TransientError and IntegrityError as the ledger raises them; then nothing was noted, and the
caller goes on with the directory it had.
"""

from __future__ import annotations

import json

from axisd.core.directory import Directory
from axisd.core.directory_text import SUBJECT, digest_of, heard, record_of, text_of, told
from axisd.core.evidence import Evidence, own_facts
from axisd.core.reasons import Event
from axisd.core.records import Change, Payload, Questions
from axisd.errors import IntegrityError
from axisd.ports import Clock, Ledger
from axisd.service.commit import GroupCommit


class DirectoryEvidence:
    """Notes changes of the directory in the ledger. One `note` at a time."""

    def __init__(self, ledger: Ledger, commits: GroupCommit, clock: Clock) -> None:
        self._ledger = ledger
        self._commits = commits
        self._clock = clock
        self._noted: str | None = None

    async def note(self, directory: Directory) -> bool:
        """Whether `directory` was a change; durable when this returns."""
        text = text_of(directory)
        digest = digest_of(text)
        # Only we write it: a ledger that broke meanwhile need not stand in the way of what changes nothing.
        if digest == self._noted:
            return False
        last = self._noted or await self._last()
        if digest == last:
            self._noted = last
            return False
        before = await self._ledger.payload(last) if last is not None else None
        # Retention may have taken the text away; its digest stays.
        record = record_of(before, text) | {"before": last}
        staged = await self._ledger.stage(digest, text)
        now = self._clock.now()
        change = Change(
            payload=Payload(digest, len(text), None if staged else text),
            evidence=(
                Evidence(
                    id=self._clock.new_id(),
                    event=Event.DIRECTORY_CHANGE,
                    at=now,
                    facts=own_facts(SUBJECT, now),
                    particulars=told(record),
                ),
            ),
        )
        await self._commits.decide(Questions(), lambda _: change)
        self._noted = digest
        return True

    async def _last(self) -> str | None:
        """The digest of the directory that was noted last."""
        for entry in await self._ledger.about(SUBJECT, 1):
            try:
                return str(heard(json.loads(entry.content)["particulars"])["after"])
            except (ValueError, KeyError, TypeError) as wrong:
                raise IntegrityError(
                    f"entry {entry.position} says nothing of the directory"
                ) from wrong
        return None
