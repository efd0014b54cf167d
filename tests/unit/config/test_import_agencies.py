"""Taking a list over: the comparison tells the truth, and writing keeps what was there."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from axisd.config.agencies import COLUMNS, Row, read_agencies
from axisd.config.import_agencies import FieldChange, compare, render, write
from axisd.core.directory import Agency, Profile

NOW = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)


def rows(*agencies: Agency) -> list[Row]:
    return [Row(agency, "x.csv", line) for line, agency in enumerate(agencies, 2)]


OLD = rows(Agency("H1", "one", intake="H2"), Agency("H2", "two"), Agency("H3", "three"))


def test_only_the_columns_of_the_list_are_taken() -> None:
    changes = compare(
        OLD, rows(Agency("H1", "ONE"), Agency("H2", "two")), ("code", "name"), merge=True
    )
    assert changes.changed == (FieldChange("H1", "name", "one", "ONE"),)
    assert (changes.added, changes.removed) == ((), ())
    assert changes.result[0].agency == Agency("H1", "ONE", intake="H2")


def test_a_column_of_the_list_that_is_empty_empties_the_field() -> None:
    changes = compare(OLD, rows(Agency("H1", "one")), ("code", "name", "intake"), merge=True)
    assert changes.changed == (FieldChange("H1", "intake", "H2", ""),)


def test_agencies_that_the_list_does_not_name_go_unless_merging() -> None:
    source = rows(Agency("H1", "one"), Agency("H4", "four"))
    replaced = compare(OLD, source, ("code", "name"), merge=False)
    assert [a.code for a in replaced.added] == ["H4"]
    assert [a.code for a in replaced.removed] == ["H2", "H3"]
    merged = compare(OLD, source, ("code", "name"), merge=True)
    assert [r.agency.code for r in merged.result] == ["H1", "H2", "H3", "H4"]
    assert merged.removed == ()


def test_names_lose_what_nobody_sees_and_it_is_said() -> None:
    changes = compare(OLD, rows(Agency("H1", "o\u200bne\u00a0 ")), ("code", "name"), merge=True)
    assert changes.tidied == ("H1",)
    assert not changes.any


def test_the_same_list_again_changes_nothing() -> None:
    first = compare([], OLD, ("code", "name", "intake"), merge=False)
    assert not compare(first.result, OLD, ("code", "name", "intake"), merge=False).any


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    agency = Agency(
        "000.00.00.H39", "UBND, “tỉnh”", "H39", "province", "H1", date(2020, 1, 1), date(2025, 7, 1),
        "H53", "H54", Profile.RECORDED,
    )  # fmt: skip
    (tmp_path / "a.csv").write_text(render([agency]), encoding="utf-8")
    assert [row.agency for row in read_agencies(tmp_path / "a.csv", [])] == [agency]


def test_writing_keeps_the_old_file_and_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o640)
    backup = write(file, [Agency("H1", "one")], NOW)
    assert backup.name == "a.csv.20261122T091500"
    assert backup.read_text(encoding="utf-8") == "before"
    assert (file.stat().st_mode & 0o777, backup.stat().st_mode & 0o777) == (0o640, 0o640)
    assert file.read_text(encoding="utf-8").splitlines()[1].startswith("H1,,one")
    assert sorted(os.listdir(tmp_path)) == ["a.csv", backup.name]


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("before", encoding="utf-8")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(file, [Agency("H1", "one")], NOW)
    assert file.read_text(encoding="utf-8") == "before"
    assert os.listdir(tmp_path) == ["a.csv"]


EARLIER = Agency("H1", "Huyện", intake="H2", valid_to=date(2025, 7, 1))
LATER = Agency("H1", "Xã", intake="H3", valid_from=date(2025, 7, 1))


def test_a_list_without_dates_is_about_the_latest_row_and_the_earlier_ones_stay() -> None:
    source = rows(Agency("H1", "Phường"))
    for merge in (True, False):
        changes = compare(rows(LATER, EARLIER), source, ("code", "name"), merge=merge)
        assert changes.changed == (FieldChange("H1", "name", "Xã", "Phường"),)
        assert [row.agency.name for row in changes.result] == ["Huyện", "Phường"]
        assert changes.removed == ()


def test_a_list_with_dates_is_compared_row_by_row() -> None:
    third = Agency("H1", "Phường", valid_from=date(2027, 1, 1))
    source = rows(replace(LATER, valid_to=date(2027, 1, 1)), third)
    merged = compare(rows(EARLIER, LATER), source, COLUMNS, merge=True)
    assert [row.agency.name for row in merged.result] == ["Huyện", "Xã", "Phường"]
    assert merged.changed == (FieldChange("H1", "valid_to", "", "2027-01-01"),)
    assert merged.added == (third,)
    replaced = compare(rows(EARLIER, LATER), source, COLUMNS, merge=False)
    assert replaced.removed == (EARLIER,)


def test_one_row_that_gets_dates_is_changed_and_not_doubled() -> None:
    changes = compare(rows(Agency("H1", "one")), rows(LATER), COLUMNS, merge=True)
    assert len(changes.result) == 1
    assert {change.field for change in changes.changed} == {"name", "intake", "valid_from"}


def test_choices_and_sources_are_written_and_read_back(tmp_path: Path) -> None:
    agency = Agency("H1", "x", valid_to=date(2025, 7, 1), choices=("H2", "H3"), source="NQ 1")
    (tmp_path / "a.csv").write_text(render([agency]), encoding="utf-8")
    assert [row.agency for row in read_agencies(tmp_path / "a.csv", [])] == [agency]
    changes = compare(rows(replace(agency, choices=())), rows(agency), COLUMNS, merge=True)
    assert changes.changed == (FieldChange("H1", "choices", "", "H2 H3"),)
