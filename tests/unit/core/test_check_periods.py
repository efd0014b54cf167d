"""Times that contradict each other are found: rows of one code, closures, successors, circles."""

from dataclasses import replace
from datetime import date

import pytest

from axisd.core.check_directory import check
from axisd.core.check_periods import check_periods
from axisd.core.directory import Agency, Directory
from axisd.core.findings import Finding

DAY = date(2026, 11, 22)
TURN = date(2025, 7, 1)
LATER = date(2027, 1, 1)


def found(*agencies: Agency) -> list[Finding]:
    return list(check_periods(agencies, Directory.of(agencies, []), DAY))


def kinds(*agencies: Agency) -> list[tuple[str, str, int | None]]:
    return [(item.severity, item.kind, item.agency) for item in found(*agencies)]


FIRST = Agency("H1", "Huyện", intake="H2", valid_to=TURN)
SECOND = Agency("H1", "Xã", intake="H3", valid_from=TURN)
OFFICES = (Agency("H2", "one"), Agency("H3", "other"))


def test_rows_of_one_code_that_follow_each_other_are_no_finding_in_any_order() -> None:
    assert kinds(FIRST, SECOND, *OFFICES) == kinds(SECOND, FIRST, *OFFICES) == []
    gap = replace(SECOND, valid_from=DAY)
    assert kinds(FIRST, gap, *OFFICES) == []


def test_rows_of_one_code_that_hold_on_the_same_day_are_an_error_at_the_later_one() -> None:
    overlapping = replace(SECOND, valid_from=date(2025, 6, 30))
    assert kinds(FIRST, overlapping) == [("error", "periods-overlap", 1)]
    assert kinds(replace(FIRST, valid_to=None), SECOND) == [("error", "periods-overlap", 1)]
    assert kinds(Agency("H1", "x"), Agency("H1", "y")) == [("error", "code-repeated", 1)]


def test_a_successor_beside_a_row_that_goes_on_is_never_used() -> None:
    given = replace(FIRST, successor="H2")
    assert kinds(given, SECOND, *OFFICES) == [("warning", "successor-unused", 0)]
    later = replace(SECOND, valid_from=DAY)
    assert kinds(given, later, *OFFICES) == []


def test_two_twins_of_one_code_contradict_each_other() -> None:
    rows = replace(FIRST, twin="T1"), replace(SECOND, twin="T2")
    assert kinds(*rows) == [("warning", "twin-contradicts", 1)]


def test_a_successor_and_choices_exclude_each_other() -> None:
    both = Agency("H1", "", valid_to=TURN, successor="H2", choices=("H3",))
    assert kinds(both, *OFFICES) == [("error", "successor-and-choices", 0)]
    undated = Agency("H1", "", choices=("H3",))
    assert kinds(undated, *OFFICES) == [("warning", "successor-unused", 0)]


@pytest.mark.parametrize(
    ("successor", "kind"),
    [
        (Agency("H2", "", valid_to=date(2025, 6, 30)), "successor-closed"),
        (Agency("H2", "", valid_to=TURN), "successor-closed"),
        (Agency("H2", "", valid_from=date(2025, 7, 2)), "successor-late"),
    ],
)
def test_a_successor_that_is_not_there_on_the_day_is_pointed_out(
    successor: Agency, kind: str
) -> None:
    assert kinds(Agency("H1", "", valid_to=TURN, successor="H2"), successor) == [
        ("warning", kind, 0)
    ]


@pytest.mark.parametrize(
    "successor",
    [Agency("H2", ""), Agency("H2", "", valid_from=TURN), Agency("H2", "", valid_to=DAY)],
)
def test_a_successor_that_is_there_on_the_day_is_not(successor: Agency) -> None:
    assert kinds(Agency("H1", "", valid_to=TURN, successor="H2"), successor) == []


def test_a_circle_that_begins_on_a_later_day_is_found_and_told_once() -> None:
    rows = (
        Agency("H1", "", intake="H2"),
        Agency("H2", "", intake="H3", valid_to=LATER),
        Agency("H2", "", intake="H1", valid_from=LATER),
        Agency("H3", ""),
    )
    (item,) = found(*rows)
    assert (item.kind, item.text) == (
        "cycle",
        "intake leads in a circle: H1 → H2 → H1; take one of them out",
    )


def test_offices_that_receive_for_each_other_at_different_times_are_no_circle() -> None:
    rows = (
        Agency("H1", "", intake="H2", valid_to=LATER),
        Agency("H1", "", valid_from=LATER),
        Agency("H2", "", valid_to=LATER),
        Agency("H2", "", intake="H1", valid_from=LATER),
    )
    assert found(*rows) == []


def test_everything_found_here_is_in_the_whole_check_and_says_how_to_mend_it() -> None:
    rows = (FIRST, replace(SECOND, valid_from=date(2025, 1, 1)), *OFFICES)
    whole = check(rows, [], is_local=lambda _: False, day=DAY)
    assert [item.kind for item in whole] == ["periods-overlap"]
    assert "let the earlier one end" in whole[0].text
