"""The hash chain: the same evidence always gives the same text, and whatever is changed is found."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.chain import canonical, link, verify
from axisd.core.evidence import GENESIS, Entry, Evidence, Head, own_facts
from axisd.core.reasons import Event, refuse
from axisd.core.zone import wire_time
from tests.support.evidence import AT, accepted, consigned, refused

LATER = datetime(2026, 11, 3, 0, 0, tzinfo=UTC)


def chained(evidences: list[Evidence], head: Head | None = None) -> list[Entry]:
    entries = []
    head = head or Head()
    for evidence in evidences:
        content = canonical(evidence, head.position + 1, None, evidence.at)
        head = Head(head.position + 1, link(head.hash, content))
        entries.append(
            Entry(
                head.position,
                evidence.id,
                evidence.event,
                evidence.at,
                evidence.facts.submission_id,
                evidence.delivery_id,
                content,
                head.hash,
            )
        )
    return entries


CHAIN = chained([accepted("1"), refused("2"), consigned("3"), accepted("4")])


def test_a_whole_chain_has_no_fault() -> None:
    assert list(verify(CHAIN)) == []


def test_a_chain_goes_on_from_any_head() -> None:
    head = Head(CHAIN[1].position, CHAIN[1].hash)
    assert list(verify(CHAIN[2:], head)) == []
    assert list(verify(CHAIN[2:])) != []


def test_the_content_is_canonical_json() -> None:
    content = CHAIN[0].content
    assert content == json.dumps(
        json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def test_the_same_evidence_gives_the_same_text_whatever_the_zone_of_its_times() -> None:
    evidence = accepted("1")
    moved = dataclasses.replace(evidence, at=evidence.at.astimezone(timezone(timedelta(hours=-5))))
    assert canonical(moved, 1, None, AT) == canonical(evidence, 1, None, AT)


def test_the_content_holds_what_an_auditor_needs() -> None:
    content = json.loads(canonical(refused("2"), 7, "sha256:" + "ab" * 32, LATER))
    assert content["position"] == 7
    assert content["id"] == "2"
    assert content["event"] == "SubmissionRejection"
    assert content["at"] == "2026-11-02T09:00:00.123+07:00"
    assert content["legal_at"] == "2026-11-03T07:00:00.000+07:00"
    assert content["receipt"] == "sha256:" + "ab" * 32
    assert content["reason"]["code"] == "schema-invalid"
    assert content["reason"]["line"] == 12
    assert content["submission"]["sender"] == "000.00.11.H53"
    assert content["submission"]["account"] == "sotaichinh"
    assert content["submission"]["digest"].startswith("sha256:")
    assert content["submission"]["attachments"][0]["digest"].startswith("sha256:")
    assert content["submission"]["signature"]["state"] == "verified"
    assert content["submission"]["legal_value"] == "original"


def test_an_event_of_one_delivery_names_its_recipient_alone() -> None:
    content = json.loads(canonical(consigned("3"), 1, None, AT))
    assert [recipient["organ"] for recipient in content["recipients"]] == ["000.00.13.H53"]
    assert content["delivery"] == "delivery-3"


def test_an_entry_sealed_before_there_was_legal_time_still_verifies() -> None:
    """Version 1 of the content, as a ledger of then has it, byte for byte but for the submission's facts."""
    old = json.loads(CHAIN[0].content)
    del old["legal_at"]
    old["version"] = 1
    content = json.dumps(old, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    first = dataclasses.replace(CHAIN[0], content=content, hash=link(GENESIS, content))
    (second,) = chained([refused("2")], Head(1, first.hash))
    assert list(verify([first, second])) == []


def test_legal_time_is_covered_by_the_hash() -> None:
    moved = CHAIN[0].content.replace('"legal_at":"2026-11-02', '"legal_at":"2026-11-03')
    assert moved != CHAIN[0].content
    assert list(verify([dataclasses.replace(CHAIN[0], content=moved)])) != []


def test_an_event_of_the_axis_itself_holds_its_particulars_under_its_subject() -> None:
    made = Evidence(
        "1",
        Event.DIRECTORY_CHANGE,
        AT,
        own_facts("directory", AT),
        particulars={"b": "1", "a": "ế"},
    )
    content = json.loads(canonical(made, 1, None, AT))
    assert (content["submission"]["id"], content["submission"]["door"]) == ("directory", "axis")
    assert content["particulars"] == {"a": "ế", "b": "1"}
    assert "particulars" not in json.loads(canonical(accepted("1"), 1, None, AT))
    assert list(verify(chained([accepted("1"), made, accepted("3")]))) == []


def test_the_link_covers_the_hash_before_and_the_content() -> None:
    assert link(GENESIS, "x") == hashlib.sha256(GENESIS.encode() + b"\nx").hexdigest()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 22, 2, 15, 0, 123_999, tzinfo=UTC), "2026-11-22T09:15:00.123+07:00"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "2027-01-01T00:00:00.000+07:00"),
    ],
)
def test_times_are_vietnams_with_milliseconds(at: datetime, text: str) -> None:
    assert wire_time(at) == text


def test_half_a_surrogate_pair_does_not_break_the_chain() -> None:
    evidence = dataclasses.replace(accepted("1"), external_id="\ud800")
    (entry,) = chained([evidence])
    assert list(verify([entry])) == []
    assert entry.content.encode()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"event": Event.CONTENT_HANDOVER},
        {"at": CHAIN[1].at + timedelta(milliseconds=1)},
        {"submission_id": "other"},
        {"delivery_id": "other"},
        {"position": 9},
        {"content": "{}"},
        {"content": "nothing"},
        {"content": "[1]"},
    ],
    ids=str,
)
def test_a_changed_column_is_found(change: dict[str, object]) -> None:
    entries = [*CHAIN]
    entries[1] = dataclasses.replace(entries[1], **change)  # type: ignore[arg-type]
    assert any("entry" in fault for fault in verify(entries))


@given(st.data())
def test_any_flipped_bit_of_any_content_or_hash_is_found(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(CHAIN) - 1))
    column = data.draw(st.sampled_from(["content", "hash"]))
    text = bytearray(getattr(CHAIN[index], column).encode())
    position = data.draw(st.integers(0, len(text) - 1))
    text[position] ^= 1 << data.draw(st.integers(0, 7))
    changed = text.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    entries = [*CHAIN]
    entries[index] = dataclasses.replace(entries[index], **{column: changed})  # type: ignore[arg-type]
    assert list(verify(entries))


@given(st.permutations(range(len(CHAIN))))
def test_any_other_order_is_found(order: list[int]) -> None:
    entries = [CHAIN[index] for index in order]
    assert (list(verify(entries)) == []) == (order == sorted(order))


@given(st.sets(st.integers(0, len(CHAIN) - 1), min_size=1, max_size=len(CHAIN) - 1))
def test_entries_taken_out_are_found_unless_they_were_the_last(gone: set[int]) -> None:
    entries = [entry for index, entry in enumerate(CHAIN) if index not in gone]
    only_the_end = gone == set(range(min(gone), len(CHAIN)))
    assert (list(verify(entries)) == []) == only_the_end


def test_an_entry_put_in_is_found() -> None:
    (forged,) = chained([accepted("x")], Head(CHAIN[1].position, CHAIN[1].hash))
    assert list(verify([*CHAIN[:2], forged, *CHAIN[2:]]))


def test_an_entry_made_anew_with_a_right_hash_breaks_what_follows() -> None:
    (forged,) = chained([accepted("x")], Head())
    faults = list(verify([forged, *CHAIN[1:]]))
    assert len(faults) == 1
    assert faults[0].startswith("entry 2:")


_TEXT = st.text(max_size=20)


@given(_TEXT, _TEXT, st.integers(0, 2**40), st.dictionaries(_TEXT, _TEXT, max_size=3))
def test_whatever_texts_come_in_the_chain_holds(
    document: str, account: str, size: int, particulars: dict[str, str]
) -> None:
    evidence = accepted("1")
    facts = dataclasses.replace(evidence.facts, document_id=document, account=account, size=size)
    refusal = dataclasses.replace(refuse("schema-invalid"), particulars=particulars)
    (entry,) = chained([dataclasses.replace(evidence, facts=facts, refusal=refusal)])
    assert list(verify([entry])) == []
