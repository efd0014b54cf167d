"""The numbers of a report once more, another way: from the evidence and from every row that there is.

Nothing of the product's counting is used here. Whom a submission went to, and whom it was refused, is taken
from the hash chain's own JSON; days are cut from the text of its times; percentiles are found by counting;
office hours by stepping through the day. It reads everything and is as slow as that.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

HERE = timezone(timedelta(hours=7))
Key = tuple[str, str, str]
"""Side, organ, measure."""


@dataclass
class Recount:
    """Numbers by side, organ and measure; by reason with the reason behind; times in seconds."""

    counts: Counter[Key] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    wire: dict[Key, list[float]] = field(default_factory=dict)
    legal: dict[Key, list[float]] = field(default_factory=dict)

    def add(self, side: str, organ: str, *measures: str) -> None:
        self.counts.update((side, organ, measure) for measure in measures)


def recount(database: Path, first: str, last: str, as_of: datetime, probe: str = "") -> Recount:
    """Of the days from `first` to `last`, both included, as ISO dates. What is `probe`'s is set apart."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as shell:
        shell.row_factory = sqlite3.Row
        tables = {
            name: [dict(row) for row in shell.execute(f"SELECT * FROM {name} ORDER BY rowid")]
            for name in ("submission", "delivery", "entry", "status")
        }
        tables["recall"] = [dict(row) for row in shell.execute("SELECT * FROM recall")]
    found = Recount()
    evidence = {
        entry["submission_id"]: json.loads(entry["content"])
        for entry in tables["entry"]
        if entry["event"] in {"SubmissionAcceptance", "ReceivedFromNonERDS", "SubmissionRejection"}
    }
    seen: set[tuple[str, str, str]] = set()
    for row in tables["submission"]:
        facts = json.loads(row["facts"])
        document = (facts["sender"], facts["document_id"], facts["business"])
        again = document in seen
        if row["state"] == "accepted" and facts["kind"] == "document":
            seen.add(document)
        day = _text(row["received_at"])[:10]
        if first <= day <= last:
            _submission(found, row, facts, evidence.get(row["id"]), again, tables, as_of)
    for book in (found.counts, found.reasons, found.wire, found.legal):
        _set_apart(book, probe)
    return found


def _set_apart(book: dict[Any, Any], probe: str) -> None:
    for key in [key for key in book if probe and key[:2] == ("agency", probe)]:
        book["probe", *key[1:]] = book.pop(key)


def _submission(
    found: Recount,
    row: dict[str, Any],
    facts: dict[str, Any],
    said: dict[str, Any] | None,
    again: bool,
    tables: dict[str, list[dict[str, Any]]],
    as_of: datetime,
) -> None:
    national = facts["door"] == "national"
    side = "national" if national else "agency"
    if row["state"] != "accepted":
        _ended(found, side, facts["sender"] if national else facts["reply_to"], row["state"], said)
        return
    assert said is not None
    organ = facts["sender"]
    found.add(side, organ, "submissions", "accepted")
    for recipient in said["recipients"]:
        if recipient["outcome"] == "refused":
            found.add(side, organ, "turned-away")
            found.reasons[side, organ, "turned-away", recipient["reason"]["code"]] += 1
    for recall in tables["recall"]:
        if recall["submission_id"] == row["id"]:
            outcome = {"asked": "open"}.get(recall["outcome"], recall["outcome"])
            found.add(side, organ, f"recalls-{outcome}")
    if facts["kind"] == "status":
        found.add(side, organ, "statuses")
        if any(
            s["submission_id"] == row["id"] and s["delivery_id"] is None for s in tables["status"]
        ):
            found.add(side, organ, "unmatched")
    elif again:
        found.add(side, organ, "further")
    else:
        _first(found, side, organ, facts)
    accepted = {r["organ"]: r for r in said["recipients"] if r["outcome"] == "accepted"}
    copies = [d for d in tables["delivery"] if d["submission_id"] == row["id"]]
    assert {copy["recipient"] for copy in copies} == set(accepted), "evidence and deliveries agree"
    for copy in copies:
        _copy(found, side, organ, facts, copy, accepted[copy["recipient"]], as_of)


def _ended(found: Recount, side: str, organ: str, state: str, said: dict[str, Any] | None) -> None:
    found.add(side, organ, "submissions", {"duplicate": "duplicates"}.get(state, state))
    if state == "refused":
        assert said is not None
        found.reasons[side, organ, "refused", said["reason"]["code"]] += 1


def _first(found: Recount, side: str, organ: str, facts: dict[str, Any]) -> None:
    names = {"new": "documents", "update": "updates", "replace": "replacements"}
    found.add(side, organ, names.get(facts["business"], "recalls"))
    if facts["business"] == "new":
        if facts["legal_value"] == "original":
            found.add(side, organ, "originals")
        if facts["lane"] == "urgent":
            found.add(side, organ, "urgent")


STATES = {
    "queued": "waiting",
    "deferred": "waiting",
    "held": "waiting",
    "sent": "placed",
    "handed-over": "taken",
    "rejected": "failed",
}


def _copy(
    found: Recount,
    side: str,
    organ: str,
    facts: dict[str, Any],
    row: dict[str, Any],
    said: dict[str, Any],
    as_of: datetime,
) -> None:
    there, whom = ("national" if said["route"] == "national" else "agency"), said["organ"]
    if facts["kind"] == "status":
        found.add(there, whom, "statuses-received")
        return
    if facts["business"] == "recall":
        found.add(there, whom, "recall-notices")
        return
    state = STATES.get(row["state"], row["state"])
    if row["state"] == "rejected" and row["reason"] == "recipient-refused":
        state = "declined"
    found.add(side, organ, "sent", f"sent-{state}")
    found.add(there, whom, "addressed", state)
    if state not in {"waiting", "failed", "expired", "withdrawn"}:
        found.add(there, whom, "received")
    if state in {"failed", "expired"}:
        found.reasons[side, organ, f"sent-{state}", row["reason"]] += 1
        found.reasons[there, whom, state, row["reason"]] += 1
    if there == "national":
        found.add(side, organ, "sent-national")
    elif said["inbox"] != whom:
        found.add(there, whom, "through-intake")
        found.add(there, said["inbox"], "for-others")
    if side == "national":
        found.add(there, whom, "from-national")
    _deadlines(found, there, whom, row, as_of)
    _times(found, there, whom, facts, row)


def _times(
    found: Recount, there: str, whom: str, facts: dict[str, Any], row: dict[str, Any]
) -> None:
    since = datetime.fromisoformat(facts["received_at"])
    for step, measure in (("arrival", "arrived"), ("registration", "registered")):
        stamp = row["arrived_at" if step == "arrival" else "registered_at"]
        if stamp is not None:
            found.add(there, whom, measure)
            at = datetime.fromtimestamp(stamp / 1e6, HERE)
            found.wire.setdefault((there, whom, step), []).append(
                max((at - since).total_seconds(), 0)
            )
            found.legal.setdefault((there, whom, step), []).append(_office_seconds(since, at))


def _deadlines(found: Recount, side: str, organ: str, row: dict[str, Any], as_of: datetime) -> None:
    now = as_of.timestamp() * 1e6
    asked_back = row["recall_due"] is not None
    missed = []
    for name, met in (("arrival", row["arrived_at"]), ("registration", row["registered_at"])):
        due = row[f"{name}_due"]
        if due is None:
            continue
        if met is None and due < now and not (asked_back and name == "registration"):
            missed.append(f"{name}-outstanding")
        if met is not None and met > due:
            missed.append(f"{name}-late")
    found.add(side, organ, *missed)
    if missed:
        found.add(side, organ, "overdue")
    if asked_back and row["recall_due"] < now:
        found.add(side, organ, "recall-overdue")
    if not asked_back and row["reply_due"] is not None and row["reply_due"] < now:
        found.add(side, organ, "reply-overdue")


def _office_seconds(start: datetime, end: datetime) -> float:
    """Monday to Friday, 07:00–11:30 and 13:30–17:00, by quarters of an hour."""
    quarters, at = 0, start.astimezone(HERE)
    while at < end:
        minute = at.hour * 60 + at.minute
        open_now = 420 <= minute < 690 or 810 <= minute < 1020
        quarters += open_now and at.weekday() < 5
        at += timedelta(minutes=15)
    return quarters * 900


def rank(values: Iterable[float], per_cent: int) -> float:
    """The smallest value that at least `per_cent` of the values do not exceed."""
    known = list(values)
    return min(
        value
        for value in known
        if 100 * sum(other <= value for other in known) >= per_cent * len(known)
    )


def _text(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, HERE).isoformat()
