"""Which agencies a system may register and close: what it may, what it may not, and what becomes of the rows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from axisd.core import registration
from axisd.core.directory import Agency, Channel, Directory
from axisd.core.registration import Asked, Denial, Rows, close, register, stands
from axisd.core.view import View
from tests.support.values import (
    CLOSED,
    COMMUNE,
    DOOR,
    FINANCE,
    MINISTRY,
    OFFICE,
    agency,
    system,
    view,
)

DAY = date(2026, 11, 29)
NEXT = DAY + timedelta(days=1)
ROOT = "000.00.00.H53"
CENTRE = "000.05.13.H53"
"""Below DOOR by its code."""

ENTERED = (
    agency(ROOT, twin="H53"),
    agency(FINANCE, twin="H53.11"),
    agency(OFFICE, parent=ROOT),
    agency(COMMUNE, intake=OFFICE),
    agency(DOOR),
    agency("000.01.13.H53", parent=DOOR, valid_to=date(2026, 1, 1)),
    agency(CLOSED, valid_to=date(2025, 7, 1), successor=FINANCE),
    agency(MINISTRY),
)


def after(rows: Rows, *entered: Agency, registers: bool = True) -> View:
    """The view with these rows registered, as the loader makes it."""
    mine = tuple(row.code for row in rows if row.registered_by == "door")
    systems = (
        system("door", DOOR, *mine, channel=Channel.VXP, registers=registers),
        system("other", OFFICE, channel=Channel.VXP, registers=True),
    )
    return view(directory=Directory.of((*ENTERED, *entered, *rows), systems))


def registered(
    code: str = CENTRE,
    name: str = "Trung tâm",
    parent: str = "",
    *,
    rows: Rows = (),
    day: date = DAY,
) -> Rows:
    found = register(Asked(code, name, parent), "door", after(rows), rows, day)
    assert not isinstance(found, Denial), found.en
    return found


def closed(code: str = CENTRE, *, rows: Rows, day: date = DAY) -> Rows:
    found = close(code, "door", after(rows), rows, day)
    assert not isinstance(found, Denial), found.en
    return found


def denied(
    code: str = CENTRE,
    name: str = "Trung tâm",
    parent: str = "",
    *,
    rows: Rows = (),
    account: str = "door",
    here: View | None = None,
) -> str:
    found = register(Asked(code, name, parent), account, here or after(rows), rows, DAY)
    assert isinstance(found, Denial), "it is denied"
    assert found.vi
    assert found.vi != found.en
    assert not found.again
    return found.en


def test_an_agency_below_an_own_one_is_registered_under_the_nearest_by_its_code() -> None:
    (row,) = registered()
    assert row == Agency(
        CENTRE,
        "Trung tâm",
        parent=DOOR,
        source=f"registered by door on {DAY}",
        registered_by="door",
    )
    assert stands(CENTRE, "door", after((row,)).directory)
    assert not stands(CENTRE, "other", after((row,)).directory)


def test_the_parent_that_is_named_counts_in_either_style() -> None:
    (row,) = registered("000.00.77.H53", parent="H53.13")
    assert row.parent == DOOR
    rows = registered("000.05.77.H53", parent="000.00.77.H53", rows=(row,))
    assert rows[1].parent == "000.00.77.H53", "below what is below"


def test_a_code_of_the_other_style_is_below_its_own_number() -> None:
    assert registered("H53.13.7")[0].parent == DOOR


def test_a_name_is_kept_as_it_prints() -> None:
    assert registered(name=" Trung\u200b tâm  mới\n")[0].name == "Trung tâm mới"


def test_only_a_system_that_may_registers_and_closes() -> None:
    rows = registered()
    shut = after(rows, registers=False)
    for account in ("door", "nobody"):
        assert denied(account=account, here=shut) == registration.NOT_MEANT.en
        assert close(CENTRE, account, shut, rows, DAY) == registration.NOT_MEANT


@pytest.mark.parametrize(
    "code",
    [
        *("", "x", "H53", "000.00.00.H53", "A53", "00.53.W00", "vxp.saas.03", MINISTRY),
        *(
            "000.05.13.h53",
            "h53.13.5",
            "000.05.13.H53 ",
            "000.05.13.H53\u200b",
            "*.05.13.H53",
            "1" * 36,
        ),
        "000.05.13.G14",
    ],
)
def test_what_is_no_code_below_level_1_of_ours_is_denied(code: str) -> None:
    assert denied(code, parent=DOOR)


@pytest.mark.parametrize(
    "code",
    [
        *(DOOR, FINANCE, "H53.11", "H53.13", CLOSED, "H53.20"),
        "000.13.00.H53",  # its other style would be DOOR's, which would then stand for neither
        "000.11.00.H53",
    ],
)
def test_a_code_that_somebody_has_in_either_style_open_or_closed_is_denied(code: str) -> None:
    assert "another agency" in denied(code, parent=DOOR)


def test_a_code_that_two_agencies_share_does_not_go_to_a_third() -> None:
    two = (agency("000.00.45.H53"), agency("000.45.00.H53"))
    here = after((), *two)
    assert here.directory.find("H53.45") is None, "it stands for neither"
    assert "another agency" in denied("H53.45", parent=DOOR, here=here)


def test_what_another_system_registered_is_anothers() -> None:
    rows = (agency("000.07.01.H53", parent=OFFICE, registered_by="other"),)
    assert "another agency" in denied("000.07.01.H53", parent=DOOR, rows=rows)
    found = close("000.07.01.H53", "door", after(rows), rows, DAY)
    assert isinstance(found, Denial)


@pytest.mark.parametrize(
    ("code", "parent", "why"),
    [
        ("000.05.11.H53", "", "belongs under 000.00.11.H53"),
        ("000.05.11.H53", DOOR, "belongs under 000.00.11.H53"),
        ("000.00.77.H53", "", "belongs under 000.00.00.H53"),
        ("000.00.77.H53", FINANCE, "belongs under 000.00.11.H53"),
        ("000.00.77.H53", MINISTRY, "belongs under"),
        ("000.00.77.H53", "000.00.98.H53", "no agency above 000.00.98.H53"),
        ("000.00.01.H39", "", "no agency above 000.00.01.H39"),
        ("000.00.77.H53", "000.01.13.H53", "is not open"),
        ("000.00.77.H53", "\u200b\n" * 100, "no agency above"),
    ],
)
def test_an_agency_outside_of_what_the_system_serves_is_denied(
    code: str, parent: str, why: str
) -> None:
    assert why in denied(code, parent=parent)


def test_what_a_system_registered_itself_gives_it_nothing_more() -> None:
    rows = registered()
    gone = replace(
        after(rows),
        directory=Directory.of(
            (*ENTERED, *rows), (system("door", CENTRE, channel=Channel.VXP, registers=True),)
        ),
    )
    assert "belongs under" in denied("003.05.13.H53", parent=CENTRE, here=gone)


def test_no_agency_is_below_itself() -> None:
    one = registered("000.00.77.H53", parent=DOOR)
    both = registered("000.05.77.H53", parent="000.00.77.H53", rows=one)
    for parent in ("000.00.77.H53", "000.05.77.H53"):
        assert "itself, or below it" in denied("000.00.77.H53", parent=parent, rows=both)


@pytest.mark.parametrize("name", ["", " \u200b", "x" * 201])
def test_a_name_is_there_and_no_longer_than_it_may_be(name: str) -> None:
    assert "200" in denied(name=name)


def test_a_repeat_changes_nothing_and_another_name_changes_the_row() -> None:
    rows = registered("000.00.77.H53", parent=DOOR)
    assert registered("000.00.77.H53", rows=rows, day=NEXT) == rows, "its parent is known"
    (row,) = registered("000.00.77.H53", "Tên mới", rows=rows, day=NEXT)
    assert row == replace(rows[0], name="Tên mới")


def test_what_is_closed_stays_as_a_row_with_its_last_day() -> None:
    rows = registered()
    (row,) = closed(rows=rows, day=NEXT)
    assert row == replace(rows[0], valid_to=NEXT)
    assert closed(rows=(row,), day=NEXT + timedelta(days=9)) == (row,), "it closed when it closed"
    assert closed("H53.13.05", rows=rows) == (replace(rows[0], valid_to=DAY),)


@pytest.mark.parametrize("code", [DOOR, FINANCE, "000.00.99.H53", "", "\u200b"])
def test_what_the_system_did_not_register_it_does_not_close(code: str) -> None:
    assert isinstance(close(code, "door", after(()), (), DAY), Denial)


def test_what_closed_today_is_open_again_as_if_it_never_closed() -> None:
    rows = registered()
    assert registered(rows=closed(rows=rows)) == rows


def test_what_closed_earlier_opens_again_with_a_row_of_its_own() -> None:
    old = closed(rows=registered())
    again = registered(name="Tên mới", rows=old, day=NEXT)
    assert again[0] == old[0]
    assert (again[1].name, again[1].valid_from, again[1].valid_to) == ("Tên mới", NEXT, None)
    assert closed(rows=again, day=NEXT) == old, "no row ends on the day on which it begins"


def test_a_system_has_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "MOST_ROWS", 2)
    rows = registered("000.07.13.H53", rows=closed(rows=registered()))
    assert "2 agencies" in denied("000.08.13.H53", rows=rows)
    assert registered("000.07.13.H53", "Tên mới", rows=rows), "what it has it may still change"


def test_what_an_operator_entered_himself_leaves_the_rows_at_the_next_change() -> None:
    rows = (*registered(), *registered("000.06.13.H53"))
    here = after(rows[1:], agency(CENTRE))
    found = register(Asked("000.07.13.H53", "Trung tâm"), "door", here, rows, DAY)
    assert isinstance(found, tuple)
    assert [row.code for row in found] == ["000.06.13.H53", "000.07.13.H53"]
    assert "another agency" in denied(CENTRE, here=here)
