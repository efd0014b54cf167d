"""The national lists as rows of ours: what is wanted is taken, what is ours stays, nothing is believed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from axisd.config.national_agencies import PLACE, Taken, missing, take
from axisd.core.directory import Agency, Directory, Profile
from axisd.ports import ListedAgency

TODAY = date(2026, 11, 29)
FINANCE = Agency(
    "000.00.11.H53", "Sở TC", kind="department", intake="000.00.01.H53", profile=Profile.RECORDED
)


def taken(
    *lists: Sequence[ListedAgency], ours: Sequence[Agency] = (FINANCE,), **changes: Any
) -> Taken:
    wanted: dict[str, Any] = {"under": {"H53"}, "day": TODAY} | changes
    return take(lists, Directory.of(ours, []), **wanted)


def agencies(*lists: Sequence[ListedAgency], **changes: Any) -> list[Agency]:
    return [row.agency for row in taken(*lists, **changes).rows]


def test_an_agency_of_ours_keeps_what_is_ours_and_gets_its_name_and_its_other_code() -> None:
    listed = ListedAgency("H53.11", "Sở Tài chính", other="000.00.11.H53")
    assert agencies([listed]) == [replace(FINANCE, name="Sở Tài chính", twin="H53.11")]


def test_a_twin_of_ours_stays() -> None:
    ours = replace(FINANCE, twin="H53.99")
    assert (
        agencies([ListedAgency("000.00.11.H53", "x", other="H53.11")], ours=[ours])[0].twin
        == "H53.99"
    )


def test_a_new_agency_stands_under_its_code_in_four_groups_with_where_it_comes_from() -> None:
    (new,) = agencies([ListedAgency("H53.12", "Sở Y tế", other="000.00.12.H53")])
    assert (new.code, new.twin, new.source) == ("000.00.12.H53", "H53.12", PLACE)
    (alone,) = agencies([ListedAgency("H53.DN.1", "Công ty")])
    assert (alone.code, alone.twin) == ("H53.DN.1", None)


def test_several_lists_make_one_row_the_first_one_names_it() -> None:
    lists = (
        [ListedAgency("H53.12", "Sở Y tế", other="000.00.12.H53")],
        [ListedAgency("000.00.12.H53", "So Y te", other="", parent="H53.11")],
        [ListedAgency("000.00.12.H53", "Sở Y tế", deleted=True, modified="2025/07/01 09:00:00")],
    )
    (one,) = agencies(*lists)
    assert (one.code, one.name, one.parent) == ("000.00.12.H53", "Sở Y tế", "000.00.11.H53")
    assert one.valid_to == date(2025, 7, 1)


@pytest.mark.parametrize(
    ("modified", "closes"),
    [
        ("2025-07-01T00:00:00", date(2025, 7, 1)),
        ("2025/13/01", TODAY),
        ("01/07/2025", TODAY),
        ("", TODAY),
    ],
)
def test_a_deleted_agency_closes_on_the_day_that_is_said_or_today(
    modified: str, closes: date
) -> None:
    gone = ListedAgency("000.00.11.H53", "x", deleted=True, modified=modified)
    assert agencies([gone])[0].valid_to == closes


def test_a_last_day_that_we_know_better_stays() -> None:
    ours = replace(FINANCE, valid_to=date(2024, 1, 1))
    gone = ListedAgency("000.00.11.H53", "x", deleted=True, modified="2025-07-01")
    assert agencies([gone], ours=[ours])[0].valid_to == date(2024, 1, 1)


def test_level_1_of_the_country_is_wanted_and_what_is_under_it_only_where_asked() -> None:
    listed = [
        ListedAgency("G12", "Bộ Tài chính", other="000.00.00.G12"),
        ListedAgency("000.00.00.H26", "Hà Nội"),
        ListedAgency("H26.1", "Sở của Hà Nội"),
        ListedAgency("00.53.W00", "Trục"),
        ListedAgency("vxp.saas.03", "thử"),
    ]
    assert [a.code for a in agencies(listed)] == ["000.00.00.G12", "000.00.00.H26"]
    wider = agencies(listed, under={"H26"})
    assert [a.code for a in wider] == ["000.00.00.G12", "000.00.00.H26", "H26.1"]


def test_what_cannot_be_used_is_passed_over_and_said_once() -> None:
    bad = [
        ListedAgency("000.00.12.H53", "  "),
        ListedAgency("000.00.13.H53", "Sở\u200b", other="H53.1\u200b3"),
        ListedAgency("000.00.11.H53", "Sở Tài chính"),
        ListedAgency("H53.11", "again"),
    ]
    found = taken(bad, bad)
    assert [row.agency.name for row in found.rows] == ["Sở Tài chính"]
    assert len(found.passed_over) == 3
    assert all(said.isprintable() for said in found.passed_over)


def test_an_agency_is_not_its_own_parent() -> None:
    listed = ListedAgency("H53.11", "x", other="000.00.11.H53", parent="000.00.11.H53")
    assert agencies([listed])[0].parent is None


def test_agencies_of_ours_that_are_not_listed_are_named_while_they_are_open() -> None:
    ours = Directory.of(
        [
            FINANCE,
            Agency("000.00.12.H53", "x"),
            Agency("000.00.14.H53", "closed", valid_to=TODAY),
            Agency("000.00.00.G12", "elsewhere"),
        ],
        [],
    )
    rows = take([[ListedAgency("000.00.11.H53", "x")]], ours, under={"H53"}, day=TODAY).rows
    assert [a.code for a in missing(ours, rows, under={"H53"}, day=TODAY)] == ["000.00.12.H53"]
