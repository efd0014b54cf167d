"""Compares the national axis's lists with the ledger, and heals nothing: what differs, and what could not be seen.

Lists are suspects. A message of ours that the list does not name is asked for by its number before it counts as
lost; counts are asked before and after a list, so that what comes in between makes no difference. A list that cannot
be had, or rows that cannot be placed in time, make the comparison incomplete, which is said. What was sent is read
from the ledger by the day, a page at a time; the axis's own list is read whole, as it has no other.

Going wrong: IntegrityError as the ledger raises it. What the axis does wrong ends up in `incomplete`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from axisd.core.federation import Relayed, TurnedAway
from axisd.core.lifecycle import DeliveryState
from axisd.core.reconciliation import (
    EARLIER,
    GRACE,
    Compared,
    Difference,
    Found,
    SentRow,
    explained,
    sent_differences,
)
from axisd.core.routing import organ_of
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.ports import FederationLedger, NationalItem, NationalLists, TransportStatus

KINDS: Final = ("document", "status")
ASKED: Final = 200
"""Messages of one kind asked for by their numbers at most."""
TURNED_AWAY: Final = 20_000
"""Refused items looked at, the newest."""
UNTAKEN: Final = 10_000
_FINISHED: Final = {TransportStatus.DONE.value, TransportStatus.FAIL.value}
_WENT: Final = frozenset({DeliveryState.SENT, DeliveryState.HANDED_OVER, DeliveryState.RECALLED})


@dataclass(slots=True)
class Comparison:
    """What was seen. `items`: of each difference about an item that waits for us, the item itself and what the
    axis is to be told of it."""

    compared: dict[str, Compared] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    incomplete: dict[str, str] = field(default_factory=dict)
    items: dict[tuple[str, str], tuple[NationalItem, TransportStatus, str]] = field(
        default_factory=dict
    )


async def compare(
    national: NationalLists,
    ledger: FederationLedger,
    view: View,
    *,
    since: datetime,
    began: datetime,
) -> Comparison:
    """All lists against the ledger, of what happened from `since` to shortly before `began`, which is now."""
    made = Comparison()
    relayed = [one async for page in ledger.relayed(since - EARLIER) for one in page]
    for kind in KINDS:
        ours = [one for one in relayed if one.kind == kind]
        await _Sent(national, ledger, view, made, since, began).look(kind, ours)
    await _Received(national, ledger, made, since, began).look()
    return made


@dataclass(frozen=True, slots=True)
class _Sent:
    """What we sent of one kind."""

    national: NationalLists
    ledger: FederationLedger
    view: View
    made: Comparison
    since: datetime
    began: datetime

    async def look(self, kind: str, ours: Sequence[Relayed]) -> None:
        name = f"sent-{kind}"
        try:
            listed = [row for row in await self.national.sent_list(kind) if not self._is_probe(row)]
        except TransientError as error:
            self.made.incomplete[name] = str(error)
            return
        here = sum(self.since <= one.at for one in ours)
        there = sum(row.at is not None and self.since <= row.at for row in listed)
        self.made.compared[name] = Compared(here, there)
        known = {one.number for one in ours}
        timeless = sum(row.at is None and row.number not in known for row in listed)
        if timeless:
            self.made.incomplete[name] = f"{timeless} rows have no time that can be read"
        rows = {row.number: row for row in listed}
        suspects = list(sent_differences(ours, listed, since=self.since, began=self.began))
        lost = [one for one in suspects if one.kind is Difference.LOST and one.number not in rows]
        self.made.found += await self._confirmed(name, kind, lost)
        self.made.found += [
            await self._explained(one, rows[one.number], ours)
            if one.kind is Difference.UNKNOWN
            else one
            for one in suspects
            if one.number in rows
        ]

    def _is_probe(self, row: SentRow) -> bool:
        """The check's own documents, which are no submissions."""
        probe = self.view.probe
        return bool(probe) and {self._organ(row.sender), self._organ(row.recipient)} == {probe}

    def _organ(self, code: str) -> str:
        return organ_of(code, self.view.directory)

    async def _confirmed(self, name: str, kind: str, lost: Sequence[Found]) -> list[Found]:
        """Of what the list does not name, what the axis does not know by its number either."""
        confirmed: list[Found] = []
        for number, suspect in enumerate(lost):
            if number == ASKED:
                left = len(lost) - ASKED
                self.made.incomplete[name] = f"{left} more are not listed, and were not asked for"
                break
            try:
                if not await self.national.sent_list(kind, suspect.number):
                    confirmed.append(suspect)
            except TransientError as error:
                self.made.incomplete[name] = str(error)
                break
        return confirmed

    async def _explained(self, unknown: Found, row: SentRow, ours: Sequence[Relayed]) -> Found:
        sides = self._organ(row.sender), self._organ(row.recipient)
        if row.kind != KINDS[0]:
            # A status has no number of its own; one between the same two at about that time is like it.
            like = any(
                (self._organ(one.sender), self._organ(one.inbox)) == sides
                and row.at is not None
                and abs(one.at - row.at) < EARLIER
                for one in ours
            )
            return explained(unknown, row, None, sent_before=like)
        number, _, notation = row.notation.partition("/")
        found = [
            one
            for one in await self.ledger.attempted(number, notation)
            if (self._organ(one.sender), self._organ(one.inbox)) == sides
        ]
        return explained(
            unknown,
            row,
            found[0].state if found else None,
            sent_before=any(one.state in _WENT for one in found),
        )


@dataclass(frozen=True, slots=True)
class _Received:
    """What waits there for us, and what was refused or could not be taken."""

    national: NationalLists
    ledger: FederationLedger
    made: Comparison
    since: datetime
    began: datetime

    async def look(self) -> None:
        refused = {
            f"{one.kind}/{one.doc_id}": one
            for one in await self.ledger.turned_away(self.since - EARLIER, TURNED_AWAY)
            if one.doc_id
        }
        for kind in KINDS:
            await self._listed(kind, refused)
        for one in await self.ledger.untaken(UNTAKEN):
            said = f"{one.kind} from {one.sender or '–'} to {one.recipient or '–'}"
            tried = f"{said}, {one.tries} tries: {one.cause}"
            if one.listed:
                self.made.found.append(Found(Difference.UNTAKEN, one.doc_id, tried, one.kind))
            elif one.tried_at is not None and one.tried_at >= self.since:
                self.made.found.append(Found(Difference.VANISHED, one.doc_id, tried, one.kind))

    async def _listed(self, kind: str, refused: Mapping[str, TurnedAway]) -> None:
        name = f"received-{kind}"
        try:
            before = await self.national.count(kind)
            items = await self.national.waiting(kind)
            after = await self.national.count(kind)
        except TransientError as error:
            self.made.incomplete[name] = str(error)
            return
        if not min(before, after) <= len(items) <= max(before, after):
            said = f"{len(items)} of kind {kind} are listed, and {after} are counted"
            self.made.found.append(Found(Difference.MISCOUNTED, "", said, kind))
        keys = {f"{kind}/{item.doc_id}": item for item in items}
        settled = {
            one.external_id: one.settled_at for one in await self.ledger.settled_items(list(keys))
        }
        self.made.compared[name] = Compared(len(settled), len(items))
        for key, item in keys.items():
            if key in settled:
                self._still_listed(kind, item, settled[key], TransportStatus.DONE, "")
            elif key in refused:
                why = refused[key]
                self._still_listed(kind, item, why.received_at, TransportStatus.FAIL, why.reason)
            elif item.status in _FINISHED:
                said = f"{_between(kind, item)}: it is {item.status} there"
                self._about(Difference.MISSING, kind, item, said, TransportStatus.DONE, "")

    def _still_listed(
        self, kind: str, item: NationalItem, at: datetime, status: TransportStatus, why: str
    ) -> None:
        # Younger ones are just being told.
        if at < self.began - GRACE:
            said = f"{_between(kind, item)}: it is {status} here{f', {why}' if why else ''}"
            self._about(Difference.STILL_LISTED, kind, item, said, status, why)

    def _about(
        self,
        of: Difference,
        kind: str,
        item: NationalItem,
        said: str,
        status: TransportStatus,
        why: str,
    ) -> None:
        self.made.found.append(Found(of, item.doc_id, said, kind))
        self.made.items[kind, item.doc_id] = item, status, why


def _between(kind: str, item: NationalItem) -> str:
    return f"{kind} from {item.sender or '–'} to {item.recipient or '–'}"
