"""A check stands on record so that it can be read alone, and what is no record is told from one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core import chain
from axisd.core.evidence import GENESIS, Entry, Head
from axisd.core.interconnection import (
    ITEMS,
    SENTENCE,
    SUBJECT,
    CheckRun,
    Item,
    Outcome,
    Trigger,
    evidence_of,
    in_order,
    recorded,
    run_of,
)
from axisd.core.reasons import Event
from axisd.core.wording import Phrase
from tests.support.values import seal

BEGAN = datetime(2026, 11, 30, 0, 30, 0, 123_000, tzinfo=UTC)


def run(*items: Item, proved: Head | None = None) -> CheckRun:
    return CheckRun(Trigger.TIMER, BEGAN, items, proved)


AS_IT_SHOULD_BE = Phrase("as it should be", "đúng như mong muốn")


def item(name: str, outcome: Outcome = Outcome.PASSED, detail: Phrase = AS_IT_SHOULD_BE) -> Item:
    return Item(name, outcome, detail)


WHOLE = run(
    *(item(name, outcome) for name, outcome in zip(ITEMS, list(Outcome) * 4, strict=False)),
    proved=Head(1234, "ab" * 32),
)


def test_what_is_on_record_says_all_but_what_to_do() -> None:
    assert run_of(WHOLE.particulars()) == WHOLE
    told = replace(
        WHOLE,
        items=tuple(replace(one, mend=Phrase("do this", "làm thế này")) for one in WHOLE.items),
    )
    assert run_of(told.particulars()) == WHOLE


def test_a_record_of_when_checks_spoke_english_alone_is_read_as_it_is() -> None:
    kept = {key: text for key, text in WHOLE.particulars().items() if not key.startswith("vi:")}
    read = run_of(kept)
    assert read.particulars() == kept
    assert {one.detail for one in read.items} == {Phrase("as it should be", "as it should be")}


sentences = st.text(st.characters(codec="utf-8"), max_size=2 * SENTENCE)


@given(
    st.lists(
        st.builds(
            Item,
            st.sampled_from(list(ITEMS)),
            st.sampled_from(Outcome),
            st.builds(Phrase, sentences, sentences),
        ),
        unique_by=lambda one: one.name,
    )
)
def test_whatever_was_found_is_read_again_in_one_bounded_line(items: list[Item]) -> None:
    kept = run(*in_order(items)).particulars()
    read = run_of(kept)
    assert read.particulars() == kept
    assert [one.name for one in read.items] == [name for name in ITEMS if f"item:{name}" in kept]
    for one in read.items:
        for sentence in one.detail:
            assert len(sentence) <= SENTENCE
            assert "\n" not in sentence


def test_one_failure_fails_the_check_and_a_warning_does_not() -> None:
    assert run(item("clock", Outcome.WARNED), item("national", Outcome.SKIPPED)).passed
    failed = run(item("clock"), item("national", Outcome.FAILED))
    assert not failed.passed
    assert [one.name for one in failed.failures] == ["national"]
    assert failed.particulars()["outcome"] == "failed"


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "failed"},
        {"trigger": "somebody"},
        {"began": "2026-11-30"},
        {"began": "yesterday"},
        {"began": None},
        {"proved": "12"},
        {"proved": f"-1 {GENESIS}"},
        {"proved": f"1 {GENESIS}0"},
        {"item:clock": "fine"},
        {"item:moon": "passed full"},
        {"item:disk": 7},
        {"vi:disk": "đầy"},
        {"vi:clock": "hai\ndòng"},
        {"more": "x"},
    ],
    ids=str,
)
def test_what_is_no_record_is_refused(change: dict[str, object]) -> None:
    kept: dict[str, object] = {**run(item("clock")).particulars(), **change}
    with pytest.raises(ValueError, match=r"."):
        run_of({key: value for key, value in kept.items() if value is not None})


def test_an_entry_of_the_ledger_is_the_record_and_has_no_receipt() -> None:
    at = BEGAN + timedelta(minutes=3)
    entries, receipts = seal([evidence_of(WHOLE, "0193-check", at)], Head())
    (entry,) = entries
    assert not receipts
    assert (entry.event, entry.submission_id) == (Event.INTERCONNECTION_CHECK, SUBJECT)
    assert list(chain.verify(entries)) == []
    found = recorded(entry)
    assert (found.position, found.at, found.run) == (1, at, WHOLE)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"particulars": []}', '{"particulars": {}}', "no"]
)
def test_an_entry_about_something_else_is_no_record(content: str) -> None:
    entry = Entry(7, "e", Event.INTERCONNECTION_CHECK, BEGAN, SUBJECT, None, content, GENESIS)
    with pytest.raises(ValueError, match=r"."):
        recorded(entry)


def test_items_come_in_the_order_in_which_people_read_them() -> None:
    backwards = [item(name) for name in reversed(list(ITEMS))]
    assert [one.name for one in in_order(backwards)] == list(ITEMS)


def test_every_item_has_its_words_in_both_languages() -> None:
    for words in ITEMS.values():
        for phrase in words:
            assert phrase.en
            assert phrase.vi
            assert phrase.en != phrase.vi
