"""The shipped agencies are those of the sources, cleaned as config/README.md says and not otherwise."""

import csv
import unicodedata
from pathlib import Path

from axisd.config.agencies import read_agencies
from axisd.core.directory import Agency, Directory
from axisd.resources import config_path

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def source(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def shipped(name: str) -> dict[str, Agency]:
    return {row.agency.code: row.agency for row in read_agencies(config_path(name), [])}


def letters(name: str) -> str:
    """The name without anything that cleaning may touch."""
    return "".join(
        char
        for char in name.replace("Ð", "Đ")
        if not char.isspace() and unicodedata.category(char) != "Cf"
    )


def test_each_of_the_455_entries_is_found_by_its_code_under_one_of_its_names() -> None:
    known = Directory(shipped("agencies.csv"), {})
    rows = source("tayninh_agencies_2020.csv")
    assert len(rows) == 455
    names: dict[str, set[str]] = {}
    for row in rows:
        names.setdefault(row["code"], set()).add(letters(row["name"]))
    for code, candidates in names.items():
        agency = known.find(code)
        assert agency is not None, code
        assert letters(agency.name) in candidates


def test_no_agency_was_made_up() -> None:
    codes = {row["code"] for row in source("tayninh_agencies_2020.csv")}
    extra = {a.code for a in shipped("agencies.csv").values() if not {a.code, a.twin} & codes}
    assert extra == set()


def test_names_hold_nothing_that_nobody_sees() -> None:
    for name in ("agencies.csv", "level1.csv"):
        for agency in shipped(name).values():
            assert agency.name.isprintable(), agency.code
            assert agency.name == unicodedata.normalize("NFC", agency.name.strip())


def test_level_1_is_that_of_the_country_with_its_closures() -> None:
    ours = shipped("level1.csv")
    rows = source("level1_codes.csv")
    assert len(rows) == len(ours)
    for row in rows:
        agency = ours[f"000.00.00.{row['code']}"]
        assert agency.twin == row["code"]
        closed = row["status"].removeprefix("closed ") if row["status"] != "active" else None
        assert (agency.valid_to.isoformat() if agency.valid_to else None) == closed


def test_a_successor_is_shipped_only_where_a_text_confirms_it() -> None:
    assert {a.twin: a.successor for a in shipped("level1.csv").values() if a.successor} == {
        "H39": "000.00.00.H53"
    }


def test_a_successor_that_no_text_confirms_is_shipped_as_a_choice_and_says_so() -> None:
    ours = shipped("level1.csv")
    for row in source("level1_codes.csv"):
        agency = ours[f"000.00.00.{row['code']}"]
        named = {code.removeprefix("000.00.00.") for code in agency.heirs}
        assert named == ({row["successor"]} if row["successor"] else set()), row["code"]
        assert bool(agency.choices) == ("not confirmed" in agency.source)
        assert agency.source
