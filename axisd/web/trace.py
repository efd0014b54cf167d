"""The page of one document's trace: what it is, where it went, what happened in order, for people to read
and print.

Both the command line and a console can show it. It has neither the subject nor the content of the document.
Names of agencies are those of today's directory; they and everything that somebody sent are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from axisd.core import tracewords
from axisd.core.lifecycle import OPEN
from axisd.core.reasons import Language
from axisd.core.story import Moment, story_of
from axisd.core.trace import Trace
from axisd.core.wording import Phrase
from axisd.core.zone import VIETNAM, wire_time
from axisd.web.pages import BOTH, page

_TABLES: Final[Mapping[str, Mapping[str, Phrase]]] = {
    "business": tracewords.BUSINESS,
    "submission": tracewords.SUBMISSIONS,
    "delivery": tracewords.DELIVERIES,
    "deadline": tracewords.DEADLINES,
    "kept": tracewords.KEPT,
    "recall": tracewords.RECALLS,
    "mailbox": tracewords.ITEMS,
    "door": tracewords.DOORS,
    "route": tracewords.ROUTES,
    "lane": tracewords.LANES,
    "value": tracewords.VALUES,
    "signature": tracewords.SIGNATURES,
}


def trace_page(
    trace: Trace, key: str, names: Mapping[str, str], languages: Sequence[Language] = BOTH
) -> str:
    """The page, as one HTML text. `key`: what the document was asked for by; `names` of agencies by code."""
    return page(
        "trace",
        Phrase(f"Trace of {key}", f"Lịch sử gửi, nhận: {key}"),
        languages,
        trace=trace,
        story=story_of(trace),
        names=names,
        waiting=OPEN,
        not_looked_at=tracewords.NOT_LOOKED_AT,
        word=_word,
        status=tracewords.status_words,
        priority=lambda value: tracewords.PRIORITIES.get(value, Phrase(str(value), str(value))),
        instant=instant,
        legal=legal,
    )


def instant(at: datetime, language: Language) -> str:
    """A time in Vietnam to the second: `2026-11-29 07:30:12` or `07:30:12 29/11/2026`."""
    local = at.astimezone(VIETNAM)
    return f"{local:%Y-%m-%d %H:%M:%S}" if language == "en" else f"{local:%H:%M:%S %d/%m/%Y}"


def legal(moment: Moment) -> datetime | None:
    """What the moment counts for in law, where that is another time than its own (QC Điều 10.2)."""
    happened = moment.happened
    if happened is None or happened.legal_at in {None, wire_time(happened.at)}:
        return None
    return datetime.fromisoformat(str(happened.legal_at))


def _word(table: str, code: str) -> Phrase:
    return tracewords.worded(_TABLES[table], code)
