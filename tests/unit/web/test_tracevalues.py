"""A trace for machines: complete, plain, and with the keys that docs/reference/trace.md promises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axisd.core.trace import traced
from axisd.web.tracevalues import matched_values, values_of
from tests.support.tale import ATTACHED, EARLIER_ID, ID, REPLY_ID, SUBJECT, TALE, WORDS, timeline
from tests.support.values import FINANCE, HEALTH

REFERENCE = Path(__file__).parents[3] / "docs/reference/trace.md"


def the_values() -> dict[str, Any]:
    return values_of(traced(timeline(), TALE.until, None), ID)


def keys_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_it_is_json_without_subject_or_names_of_attachments() -> None:
    text = json.dumps(the_values(), ensure_ascii=False)
    assert SUBJECT not in text
    assert ATTACHED not in text
    assert TALE.document.attachments[0].digest in text


def test_every_key_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", REFERENCE.read_text(encoding="utf-8")))
    assert set(keys_of(the_values())) <= documented


def test_the_story_names_the_entries_that_the_submissions_hold() -> None:
    values = the_values()
    events = [
        event
        for submission in values["submissions"]
        for event in (
            *submission["events"],
            *(one for leg in submission["recipients"] for one in leg["events"]),
        )
    ]
    positions = {event["position"] for event in events}
    assert positions == {entry.position for entry in timeline().entries}
    named = {moment["position"] for moment in values["story"]} - {None}
    assert named <= positions
    assert [moment["time"] for moment in values["story"]] == sorted(
        moment["time"] for moment in values["story"]
    )


def test_each_recipient_has_its_history() -> None:
    document = the_values()["submissions"][0]
    health = document["recipients"][0]
    assert (health["organ"], health["state"], health["status"]) == (HEALTH, "handed-over", "03")
    assert [one["text"]["vi"] for one in health["statuses"]] == ["đã đến", "đã tiếp nhận"]
    assert {one["words"] for one in health["statuses"]} == {WORDS}
    assert health["arrived"] == "2026-11-02T09:05:00.123+07:00"
    assert [(one["kind"], one["kept"]) for one in health["deadlines"]] == [
        ("arrival", "met"), ("registration", "late"), ("reply", "suspended"),
        ("recall-answer", "running"),
    ]  # fmt: skip
    assert health["told"] == ["registration-overdue"]
    assert health["recall"] == {
        "submission": TALE.recall.submission_id,
        "asked": "2026-11-05T09:00:00.123+07:00",
        "outcome": "asked",
        "answered": None,
    }


def test_references_stand_in_both_directions() -> None:
    values = the_values()
    earlier, unknown = values["submissions"][0]["refers_to"]
    assert (earlier["kind"], earlier["other"]["document_id"]) == ("reply", EARLIER_ID)
    assert unknown["other"] is None
    reply = values["referred_to_by"][0]
    assert (reply["kind"], reply["other"]["document_id"]) == ("reply", REPLY_ID)


def test_documents_of_one_number_are_told_apart() -> None:
    (found,) = matched_values(timeline().submissions[:1])
    assert found == {
        "id": TALE.document.submission_id, "document_id": ID, "from": FINANCE,
        "number": "12", "notation": "STC-VP", "date": "2026/11/02",
        "received": "2026-11-02T09:00:00.123+07:00", "state": "accepted",
    }  # fmt: skip
