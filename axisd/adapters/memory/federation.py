"""What the ledger in memory knows of the traffic with the national axis, as the one on SQL answers it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from axisd.adapters.memory.contents import Contents
from axisd.core.federation import Attempted, Relayed, SettledItem, TurnedAway
from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import Event
from axisd.core.records import Delivery, RouteKind
from axisd.core.submission import Door

_REFUSED = {SubmissionState.REFUSED, SubmissionState.QUARANTINED}


def relayed(contents: Contents, start: datetime) -> list[Relayed]:
    """What the national axis took from `start` on, in order."""
    return sorted(_relayed(contents, start), key=lambda one: one.at)


def _relayed(contents: Contents, start: datetime) -> Iterator[Relayed]:
    for entry in contents.entries:
        if entry.event is Event.RELAY_ACCEPTANCE and entry.at >= start and entry.delivery_id:
            of = contents.deliveries[entry.delivery_id]
            yield Relayed(
                number=json.loads(entry.content)["external"] or "",
                at=entry.at,
                delivery_id=of.id,
                kind=_kind(contents, of),
                sender=of.identity.sender,
                inbox=of.inbox,
                document_id=of.identity.document_id,
                state=of.state,
                reason=of.reason,
            )


def turned_away(contents: Contents, since: datetime) -> list[TurnedAway]:
    """Items that were refused since then, newest first."""
    numbers = {
        entry.submission_id: external
        for entry in contents.entries
        if (external := json.loads(entry.content)["external"])
    }
    found = [
        TurnedAway(
            submission_id=key,
            doc_id=numbers.get(key, "").partition("/")[2],
            kind=record.facts.kind or numbers.get(key, "").partition("/")[0],
            received_at=record.facts.received_at,
            sender=record.facts.sender,
            document_id=record.facts.document_id,
            state=record.state,
            reason=record.reason,
            at=record.at,
            line=record.line,
        )
        for key, record in contents.submissions.items()
        if record.state in _REFUSED and record.facts.door is Door.NATIONAL
        if record.facts.received_at >= since
    ]
    return sorted(found, key=lambda one: one.submission_id, reverse=True)


def settled_items(contents: Contents, external_ids: Iterable[str]) -> list[SettledItem]:
    """Which of these items were accepted here, and when they came."""
    known = ((key, contents.externals.get((Door.NATIONAL, key))) for key in external_ids)
    return [
        SettledItem(key, contents.submissions[submission].facts.received_at)
        for key, submission in known
        if submission is not None
    ]


def attempted(contents: Contents, number: str, notation: str) -> list[Attempted]:
    """Deliveries over the national axis of documents with this number and notation, newest first."""
    found = [
        Attempted(
            of.id,
            _kind(contents, of),
            of.identity.sender,
            of.inbox,
            of.identity.document_id,
            of.state,
        )
        for of in contents.deliveries.values()
        if of.route is RouteKind.NATIONAL
        if (record := contents.submissions[of.submission_id]).number == number
        if number and record.notation == notation
    ]
    return sorted(found, key=lambda one: one.delivery_id, reverse=True)


def _kind(contents: Contents, of: Delivery) -> str:
    return contents.submissions[of.submission_id].facts.kind
