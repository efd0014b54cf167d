"""What is odd about an envelope but no cause to refuse it: told on the receipt of its acceptance.

Refusing would stop documents that people need; saying nothing would leave the sender's software as it is.
Each warning is a `Reason` with its place. A receipt stays small whatever an envelope holds: of each kind a
few are told, and how many more there were. What only the ledger knows is not asked here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from axisd.core.codes import is_code, level1
from axisd.core.completeness import incomplete
from axisd.core.doctypes import is_known_type
from axisd.core.envelope import Document, Envelope, ResponseFor, Status, Trace
from axisd.core.lengths import too_long
from axisd.core.places import MESSAGE, TRACES, nth
from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import shown
from axisd.core.writtentime import day_in, moment_in
from axisd.core.zone import day_of

EACH: Final = 3
"""Warnings of one kind that are told at most."""
MOST: Final = 16
"""Warnings that are told at most, all kinds together."""

_EARLIEST: Final = 1945
"""No agency of this state has promulgated anything before; the year 0034 occurs (spec/edxml.md §4)."""
_AHEAD: Final = timedelta(minutes=5)
"""How far another clock may be before ours and still be in step with it (QC Điều 10.3)."""
_NOTHING: Final = frozenset({"", "null"})
"""What producers write who have nothing to say (spec/edxml.md §4)."""

_PARTY: Final = "A"
"""Level-1 codes that begin so are the Party's: NĐ 30/2020 does not name their documents' types."""


def warnings_of(envelope: Envelope, received_at: datetime) -> tuple[Refusal, ...]:
    """The warnings about `envelope`, which came in at `received_at`; at most `MOST` and one that counts the
    rest."""
    return _few(_all(envelope, received_at))


def _few(warnings: Iterable[Refusal]) -> tuple[Refusal, ...]:
    told: list[Refusal] = []
    kinds: Counter[str] = Counter()
    for warning in warnings:
        kinds[warning.code] += 1
        if kinds[warning.code] <= EACH and len(told) < MOST:
            told.append(warning)
    more = kinds.total() - len(told)
    if more:
        told.append(refuse("warnings-more", count=str(more)))
    return tuple(told)


def _all(envelope: Envelope, received_at: datetime) -> Iterator[Refusal]:
    if isinstance(envelope, Document):
        yield from _dates(envelope, received_at)
        yield from _traces(envelope.traces, received_at)
        yield from _type_name(envelope)
        yield from _replies(envelope, received_at)
        yield from incomplete(envelope)
    else:
        yield from _status(envelope, received_at)
    yield from too_long(envelope)


def _dates(document: Document, received_at: datetime) -> Iterator[Refusal]:
    lines = document.lines or {}
    at, line = f"{MESSAGE}/PromulgationInfo/PromulgationDate", lines.get("promulgation_date")
    yield from _promulgated(document.promulgation_date, received_at, at, line)
    if document.due_date in _NOTHING:
        return
    due, promulgated = _due_day(document.due_date), day_in(document.promulgation_date)
    at, line = f"{MESSAGE}/DueDate", lines.get("due_date")
    if due is None or due.year < _EARLIEST:
        yield _odd("date-invalid", at, line, "DueDate", document.due_date)
    elif promulgated is not None and due < promulgated:
        yield refuse(
            "due-before-promulgation",
            at=at,
            line=line,
            due=document.due_date,
            date=document.promulgation_date,
        )


def _due_day(text: str) -> date | None:
    """What is due at an hour (priority 4, hỏa tốc hẹn giờ) has a time as well."""
    moment = moment_in(text)
    return day_in(text) if moment is None else day_of(moment)


def _promulgated(
    text: str, received_at: datetime, at: str, line: int | None, of: str = ""
) -> Iterator[Refusal]:
    day, field = day_in(text), f"{of}PromulgationDate"
    if day is None or day.year < _EARLIEST:
        yield _odd("date-invalid", at, line, field, text)
    elif day > day_of(received_at):
        yield _odd("date-in-future", at, line, field, text)


def _traces(traces: tuple[Trace, ...], received_at: datetime) -> Iterator[Refusal]:
    for index, trace in enumerate(traces):
        at = f"{TRACES}/{nth('TraceHeader', index, len(traces))}/Timestamp"
        field = "TraceHeader/Timestamp"
        yield from _moment(trace.timestamp, received_at, at, trace.line or None, field)


def _moment(
    text: str, received_at: datetime, at: str, line: int | None, field: str
) -> Iterator[Refusal]:
    if text in _NOTHING:
        return
    moment = moment_in(text)
    if moment is None or moment.year < _EARLIEST:
        yield _odd("time-invalid", at, line, field, text)
    elif moment - received_at > _AHEAD:
        yield _odd("time-in-future", at, line, field, text)


def _type_name(document: Document) -> Iterator[Refusal]:
    name = document.type_name
    if is_known_type(name) or _of_the_party(document.sender.organ_id):
        return
    yield refuse(
        "type-name-unknown",
        at=f"{MESSAGE}/DocumentType/TypeName",
        line=(document.lines or {}).get("type_name"),
        found=shown(name) or "(empty)",
        found_vi=shown(name) or "(để trống)",
    )


def _of_the_party(code: str) -> bool:
    return (level1(code) or "").startswith(_PARTY)


def _replies(document: Document, received_at: datetime) -> Iterator[Refusal]:
    replies = document.responses_for
    for index, reply in enumerate(replies):
        at = f"{MESSAGE}/{nth('ResponseFor', index, len(replies))}"
        line = reply.line or None
        said = (reply.organ_id, reply.code, reply.document_id, reply.promulgation_date)
        if all(text in _NOTHING for text in said):
            continue  # a template that nobody filled in answers nothing
        if not _readable(reply):
            yield refuse("reply-unreadable", at=at, line=line)
        yield from _reply_date(reply, received_at, at, line)


def _readable(reply: ResponseFor) -> bool:
    """Whether a reply says what it answers: by DocumentId, or as people do.

    Numbers restart each year (NĐ 30/2020 Điều 15), so number and notation mean a document only together
    with the organ and the date.
    """
    if reply.organ_id not in _NOTHING and not is_code(reply.organ_id):
        return False
    if reply.document_id not in _NOTHING:
        return True
    dated = day_in(reply.promulgation_date) is not None
    return dated and reply.organ_id not in _NOTHING and "/" in reply.code.strip("/")


def _reply_date(
    reply: ResponseFor, received_at: datetime, at: str, line: int | None
) -> Iterator[Refusal]:
    if reply.promulgation_date not in _NOTHING:
        at = f"{at}/PromulgationDate"
        yield from _promulgated(reply.promulgation_date, received_at, at, line, "ResponseFor/")


def _status(status: Status, received_at: datetime) -> Iterator[Refusal]:
    lines = status.lines or {}
    yield from _reply_date(status.about, received_at, f"{MESSAGE}/ResponseFor", lines.get("about"))
    at, line = f"{MESSAGE}/Timestamp", lines.get("timestamp")
    yield from _moment(status.timestamp, received_at, at, line, "Timestamp")


def _odd(code: str, at: str, line: int | None, field: str, text: str) -> Refusal:
    return refuse(code, at=at, line=line, field=field, found=ascii(text)[:40])
