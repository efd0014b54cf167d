"""What reports count, read without looking at anything else that the ledger has.

Submissions come by the index of their times, a page at a time; what belongs to them comes by theirs.
Each page is one snapshot of its own and a short one: a long one would keep the writer from emptying its
log. So a document of a day that is over is counted once, whatever is written meanwhile, with the state
that its deliveries have when its page is read. No statement here scans a table (a test asks SQLite).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)

from axisd.adapters.ledger import codec, tables
from axisd.core.availability import Uptime
from axisd.core.checks import CheckRecord
from axisd.core.history import RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.records import RouteKind
from axisd.core.statistics import Copy, HandIn
from axisd.core.submission import Door, Lane
from axisd.errors import IntegrityError

PAGE: Final = 250
"""Submissions of one page; each may have hundreds of recipients."""

_submission = tables.submission.c
_delivery = tables.delivery.c
_status = tables.status.c
_recall = tables.recall.c
_entry = tables.entry.c
_uptime = tables.uptime.c


def _fact(name: str) -> Any:
    return func.json_extract(_submission.facts, literal_column(f"'$.{name}'")).label(name)


_earlier = tables.delivery.alias("earlier")
_business = func.json_extract(_submission.facts, literal_column("'$.business'"))
_REPEATED: Final = (
    select(literal_column("1"))
    .where(
        _earlier.c.document_id == _submission.document_id,
        _earlier.c.sender == _submission.sender,
        # The identity of a recall has its digest behind its business.
        or_(_earlier.c.business == _business, _earlier.c.business.like(_business + "/%")),
        _earlier.c.submission_id < _submission.id,
    )
    .exists()
)
"""Whether the document was accepted before, for other recipients."""

SUBMISSIONS: Final = (
    select(
        _submission.id,
        _submission.received_at,
        _submission.door,
        _submission.kind,
        _submission.sender,
        _submission.state,
        _submission.reason,
        _fact("business"),
        _fact("reply_to"),
        _fact("lane"),
        _fact("legal_value"),
        case(
            (
                and_(
                    _submission.state == literal_column(f"'{SubmissionState.ACCEPTED}'"),
                    _submission.kind == literal_column("'document'"),
                ),
                _REPEATED,
            ),
            else_=false(),
        ).label("repeated"),
    )
    .where(
        _submission.received_at >= bindparam("at"),
        _submission.received_at < bindparam("end"),
        or_(_submission.received_at > bindparam("at"), _submission.id > bindparam("after")),
    )
    .order_by(_submission.received_at, _submission.id)
    .limit(bindparam("most"))
)
_KEYS: Final[BindParameter[Any]] = bindparam("keys", expanding=True)
DELIVERIES: Final = select(
    _delivery.submission_id,
    _delivery.recipient,
    _delivery.inbox,
    _delivery.business,
    _delivery.route,
    _delivery.state,
    _delivery.reason,
    _delivery.arrival_due,
    _delivery.registration_due,
    _delivery.reply_due,
    _delivery.recall_due,
    _delivery.arrived_at,
    _delivery.registered_at,
).where(_delivery.submission_id.in_(_KEYS))
TURNED_AWAY: Final = (
    select(_entry.submission_id, _entry.content)
    .with_hint(tables.entry, "INDEXED BY entry_that_turns_away", "sqlite")
    .where(text(tables.TURNS_AWAY), _entry.submission_id.in_(_KEYS))
)
UNMATCHED: Final = (
    select(_status.submission_id)
    .with_hint(tables.status, "INDEXED BY status_by_submission_id", "sqlite")
    .where(_status.submission_id.in_(_KEYS), _status.delivery_id.is_(None))
)
RECALLS: Final = select(_recall.submission_id, _recall.outcome).where(
    _recall.submission_id.in_(_KEYS)
)
CHECKS: Final = (
    select(_entry.at, _entry.content)
    .with_hint(tables.entry, "INDEXED BY entry_of_the_axis", "sqlite")
    .where(
        text(tables.OF_THE_AXIS),
        _entry.at >= bindparam("start"),
        _entry.at < bindparam("end"),
        _entry.event == literal_column("'InterconnectionCheck'"),
    )
    .order_by(_entry.at, _entry.position)
)
UPTIMES: Final = (
    select(tables.uptime)
    .with_hint(tables.uptime, "INDEXED BY uptime_by_seen_at", "sqlite")
    .where(_uptime.seen_at >= bindparam("start"), _uptime.began_at < bindparam("end"))
)
LAST_BEFORE: Final = (
    select(tables.uptime)
    .where(_uptime.seen_at < bindparam("start"))
    .order_by(_uptime.seen_at.desc(), _uptime.id.desc())
    .limit(1)
)
FIRST: Final = select(tables.uptime).order_by(_uptime.id).limit(1)


# By their texts: there are many rows, and calling an enumeration takes its time.
_ROUTES: Final = {str(route): route for route in RouteKind}
_STATES: Final = {str(state): state for state in DeliveryState}


class Place(NamedTuple):
    """Where a page ended: the next one begins behind it."""

    received_at: int
    id: str = ""


class Page(NamedTuple):
    """`after`: where the next page begins; None when there is none."""

    hand_ins: list[HandIn]
    after: Place | None


def page(connection: Connection, after: Place, end: datetime, most: int = PAGE) -> Page:
    """The submissions behind `after` that were received before `end`, oldest first, at most `most`."""
    rows = connection.execute(
        SUBMISSIONS,
        {
            "at": after.received_at,
            "after": after.id,
            "end": codec.instant(end),
            "most": most,
        },
    ).all()
    keys = {"keys": [row.id for row in rows]}
    if not rows:
        return Page([], None)
    copies = _by_submission(connection.execute(DELIVERIES, keys))
    turned_away = _by_submission(connection.execute(TURNED_AWAY, keys))
    recalls = _by_submission(connection.execute(RECALLS, keys))
    unmatched = {row.submission_id for row in connection.execute(UNMATCHED, keys)}
    hand_ins = [
        HandIn(
            id=row.id,
            received_at=codec.moment(row.received_at),
            door=Door(row.door),
            kind=row.kind,
            business=row.business,
            sender=row.sender,
            reply_to=row.reply_to,
            state=SubmissionState(row.state),
            reason=row.reason,
            lane=Lane(row.lane),
            original=row.legal_value == "original",
            repeated=bool(row.repeated),
            unmatched=row.id in unmatched,
            copies=tuple(map(_copy, copies.get(row.id, ()))),
            turned_away=tuple(
                code
                for entry in turned_away.get(row.id, ())
                for code in _codes_turned_away(entry.content)
            ),
            recalls=tuple(RecallOutcome(one.outcome) for one in recalls.get(row.id, ())),
        )
        for row in rows
    ]
    last = rows[-1]
    return Page(hand_ins, Place(last.received_at, last.id) if len(rows) == most else None)


def _by_submission(rows: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.submission_id].append(row)
    return found


def _copy(row: Row[Any]) -> Copy:
    return Copy(
        recipient=row.recipient,
        inbox=row.inbox,
        business=row.business,
        route=_ROUTES[row.route],
        state=_STATES[row.state],
        reason=row.reason,
        arrival_due=codec.maybe_moment(row.arrival_due),
        registration_due=codec.maybe_moment(row.registration_due),
        reply_due=codec.maybe_moment(row.reply_due),
        recall_due=codec.maybe_moment(row.recall_due),
        arrived_at=codec.maybe_moment(row.arrived_at),
        registered_at=codec.maybe_moment(row.registered_at),
    )


def _codes_turned_away(content: str) -> list[str]:
    """Why each recipient was refused by an acceptance, by the code of the reason."""
    return [
        recipient["reason"]["code"]
        for recipient in _read(content)["recipients"]
        if recipient["outcome"] == "refused"
    ]


def _read(content: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise IntegrityError(f"an entry of the ledger is not readable: {error}") from error
    return found


def checks(connection: Connection, start: datetime, end: datetime) -> list[CheckRecord]:
    """The interconnection checks recorded from `start` to `end` (exclusive), in order."""
    rows = connection.execute(CHECKS, {"start": _milliseconds(start), "end": _milliseconds(end)})
    return [
        CheckRecord(
            codec.moment(row.at * 1000),
            passed=particulars.get("outcome") == "passed",
            trigger=particulars.get("trigger", ""),
        )
        for row in rows
        for particulars in [_read(row.content).get("particulars", {})]
    ]


def _milliseconds(at: datetime) -> int:
    return -(-codec.instant(at) // 1000)


def uptimes(connection: Connection, start: datetime, end: datetime) -> Sequence[Uptime]:
    """Those that reach into the time from `start` to `end`, the last before it, and the first of all."""
    bounds = {"start": codec.instant(start), "end": codec.instant(end)}
    rows = [
        *connection.execute(UPTIMES, bounds),
        *connection.execute(LAST_BEFORE, {"start": bounds["start"]}),
        *connection.execute(FIRST),
    ]
    found = {row.id: codec.uptime_of(row) for row in rows}
    return [found[key] for key in sorted(found)]
