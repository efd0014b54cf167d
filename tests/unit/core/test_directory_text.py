"""The directory as text: read back it is the same, and what changed is told in bounded size."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.directory import Agency, Channel, Directory, Profile, System
from axisd.core.directory_text import (
    LISTED,
    digest_of,
    directory_of,
    heard,
    record_of,
    text_of,
    told,
)

FULL = Agency(
    code="000.00.00.H39",
    name="UBND tỉnh Long An",
    twin="H39",
    kind="province",
    parent="H1",
    valid_from=date(2020, 1, 1),
    valid_to=date(2025, 7, 1),
    successor="H53",
    intake="H54",
    profile=Profile.RECORDED,
    pins=frozenset({"cd" * 32, "ab" * 32}),
    source="QĐ 09/2025",
)
SPLIT = Agency("H1", "Huyện", valid_to=date(2025, 7, 1), choices=("H2", "H3"))
AGAIN = Agency("H1", "Xã", valid_from=date(2026, 1, 1))
FINANCE = System("finance", Channel.AMQP, ("H1",), Profile.IF_PRESENT, suspended=True)
DIRECTORY = Directory.of([FULL, SPLIT, AGAIN], [FINANCE, System("office", Channel.VXP, ())])


def test_what_was_written_down_reads_back_as_the_same_directory() -> None:
    assert directory_of(text_of(DIRECTORY)) == DIRECTORY


def test_the_text_does_not_depend_on_the_order_of_files_and_rows() -> None:
    other = Directory.of([AGAIN, FULL, SPLIT], [System("office", Channel.VXP, ()), FINANCE])
    assert text_of(other) == text_of(DIRECTORY)


CHANGES: list[tuple[str, Any]] = [
    ("name", "x"),
    ("twin", None),
    ("valid_to", None),
    ("successor", None),
    ("choices", ("H2",)),
    ("intake", None),
    ("profile", None),
    ("pins", frozenset()),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_every_field_that_a_decision_depends_on_changes_the_digest(name: str, value: Any) -> None:
    changed = replace(FULL, **{name: value})
    text = text_of(Directory.of([changed, SPLIT, AGAIN], DIRECTORY.systems.values()))
    assert digest_of(text) != digest_of(text_of(DIRECTORY))


def test_a_change_names_the_rows_as_they_were_and_as_they_are() -> None:
    closed = replace(AGAIN, valid_to=date(2026, 6, 1))
    after = text_of(
        Directory.of([closed, SPLIT, Agency("H9", "new")], [replace(FINANCE, suspended=False)])
    )
    before = text_of(DIRECTORY)
    record = record_of(before, after)
    assert (record["before"], record["after"]) == (digest_of(before), digest_of(after))
    assert (record["agencies"], record["systems"]) == (2, 1)
    assert (record["added"], record["removed"], record["changed"]) == (1, 2, 2)
    rows = {row.get("agency") or row.get("system"): row for row in record["rows"]}
    assert rows.keys() == {"000.00.00.H39", "H1", "H9", "finance", "office"}
    assert rows["H9"] == {"agency": "H9", "old": None, "new": [{"code": "H9", "name": "new"}]}
    assert [row.get("valid_to") for row in rows["H1"]["old"]] == ["2025-07-01", None]
    assert [row.get("valid_to") for row in rows["H1"]["new"]] == ["2025-07-01", "2026-06-01"]
    assert rows["finance"]["new"][0]["suspended"] is False
    assert record["rows_left_out"] == 0


def test_a_record_stays_small_however_much_changes() -> None:
    many = text_of(Directory.of([Agency(f"H{n}", "x") for n in range(5 * LISTED)], []))
    record = record_of(text_of(DIRECTORY), many)
    assert len(record["rows"]) == LISTED
    assert (
        record["rows_left_out"] == record["added"] + record["removed"] + record["changed"] - LISTED
    )


def test_of_the_first_directory_nothing_is_listed_for_its_text_says_it_all() -> None:
    record = record_of(None, text_of(DIRECTORY))
    assert (record["before"], record["rows"], record["added"]) == (None, [], 4)


def test_a_record_is_told_in_texts_and_heard_as_it_was() -> None:
    text = text_of(DIRECTORY)
    for record in (record_of(None, text), record_of(text, text_of(Directory.of([FULL], [])))):
        assert all(isinstance(value, str) for value in told(record).values())
        assert heard(told(record)) == record
    with pytest.raises(ValueError, match=r"."):
        heard({"rows": None})


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"version":2}', b'{"version":1,"agencies":[1],"systems":[]}', b"\xff"],
)
def test_what_is_no_text_of_a_directory_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        directory_of(text)


names = st.text(min_size=1, max_size=8)
agencies = st.builds(
    Agency,
    code=names,
    name=st.text(max_size=8),
    twin=st.none() | names,
    valid_from=st.none() | st.dates(),
    choices=st.lists(names, max_size=3).map(tuple),
    profile=st.none() | st.sampled_from(Profile),
)


@given(st.lists(agencies, max_size=6, unique_by=lambda agency: agency.code))
def test_any_directory_reads_back_and_is_json(rows: list[Agency]) -> None:
    text = text_of(Directory.of(rows, []))
    assert json.loads(text)["version"] == 1
    assert text_of(directory_of(text)) == text
