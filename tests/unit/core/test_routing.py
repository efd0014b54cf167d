from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.codes import derived_twin
from axisd.core.records import RouteKind
from axisd.core.routing import Leg, organ_of, plan
from tests.support.values import (
    CLOSED,
    COMMUNE,
    DOOR,
    FINANCE,
    GONE,
    HEALTH,
    MINISTRY,
    MINISTRY_TWIN,
    OFFICE,
    UNKNOWN,
    WARD,
    agency,
    directory,
    system,
    view,
)

TODAY = date(2026, 1, 5)


def only(*codes: str, day: date = TODAY, **changes: object) -> Leg:
    legs = plan(codes, view(**changes), day)
    assert len(legs) == 1
    return legs[0]


def test_an_agency_with_a_broker_account_gets_it_in_its_own_inbox() -> None:
    assert only(HEALTH) == Leg(HEALTH, (HEALTH,), RouteKind.LOCAL, HEALTH)


def test_an_agency_behind_a_door_gets_it_in_its_mailbox() -> None:
    assert only(DOOR) == Leg(DOOR, (DOOR,), RouteKind.MAILBOX, DOOR)


def test_an_agency_without_a_system_gets_it_through_its_intake_office() -> None:
    assert only(COMMUNE) == Leg(COMMUNE, (COMMUNE,), RouteKind.LOCAL, OFFICE)


def test_an_intake_office_that_itself_has_an_intake_office_is_followed() -> None:
    agencies = [agency("A", intake="B"), agency("B", intake="C"), agency("C")]
    book = directory(agencies, [system("c", "C")])
    assert only("A", directory=book).inbox == "C"


def test_intake_offices_in_a_circle_end_in_a_refusal() -> None:
    a, b = "000.00.31.H53", "000.00.32.H53"
    book = directory([agency(a, intake=b), agency(b, intake=a)], [system("none")])
    leg = only(a, directory=book)
    assert leg.refusal is not None
    assert leg.refusal.code == "recipient-unreachable"


def test_a_local_agency_that_nobody_receives_for_is_unreachable() -> None:
    leg = only(WARD)
    assert leg.route is None
    assert leg.refusal is not None
    assert leg.refusal.code == "recipient-unreachable"


def test_a_local_code_that_nobody_has_is_unknown() -> None:
    leg = only(UNKNOWN)
    assert leg.refusal is not None
    assert (leg.refusal.code, leg.refusal.particulars["agency"]) == ("recipient-unknown", UNKNOWN)


def test_a_code_of_another_province_goes_to_the_national_axis_under_the_code_as_written() -> None:
    assert only(MINISTRY_TWIN) == Leg(MINISTRY, (MINISTRY_TWIN,), RouteKind.NATIONAL, MINISTRY_TWIN)


def test_without_a_national_axis_a_foreign_code_is_refused() -> None:
    leg = only(MINISTRY, national=False)
    assert leg.refusal is not None
    assert leg.refusal.code == "national-closed"


@pytest.mark.parametrize(
    "codes",
    [
        (FINANCE, "H53.11"),
        ("H53.11", FINANCE),
        (FINANCE, FINANCE, "H53.11", FINANCE),
        (HEALTH, "H53.12"),
        (MINISTRY, MINISTRY_TWIN),
        (MINISTRY_TWIN, MINISTRY),
        ("001.02.03.H18", "H18.03.02.001"),
        ("H18.03.02.001", "001.02.03.H18"),
    ],
)
def test_twins_merge_into_one_leg_that_keeps_each_code_once(codes: tuple[str, ...]) -> None:
    leg = only(*codes)
    assert leg.addressed == tuple(dict.fromkeys(codes))
    assert leg.route is not None


def test_a_stated_twin_wins_over_a_derived_one() -> None:
    book = directory([agency(FINANCE, twin="H53.77")], [system("finance", FINANCE)])
    assert only("H53.77", directory=book).organ == FINANCE
    derived = only("H53.11", directory=book)
    assert derived.refusal is not None
    assert derived.refusal.code == "recipient-unknown"


def test_a_closed_code_goes_to_its_successor_and_the_sender_is_told() -> None:
    leg = only(CLOSED)
    assert (leg.organ, leg.addressed, leg.inbox) == (FINANCE, (CLOSED,), FINANCE)
    assert leg.note is not None
    assert leg.note.code == "recipient-closed"
    assert FINANCE in leg.note.text("en")
    assert FINANCE in leg.note.text("vi")


def test_a_closed_code_and_its_successor_are_one_delivery() -> None:
    assert only(CLOSED, FINANCE).addressed == (CLOSED, FINANCE)
    assert only(FINANCE, CLOSED).addressed == (FINANCE, CLOSED)


def test_before_its_last_day_a_code_holds_itself() -> None:
    assert only(CLOSED, day=date(2025, 6, 30)).organ == CLOSED
    assert only(CLOSED, day=date(2025, 7, 1)).organ == FINANCE


def test_a_closed_code_without_a_successor_is_refused_with_the_date() -> None:
    leg = only(GONE)
    assert leg.refusal is not None
    assert leg.refusal.code == "recipient-closed"
    assert leg.refusal.particulars["date"] == "2025-07-01"


def test_a_successor_may_be_a_code_outside_the_province() -> None:
    closed = agency("000.00.30.H53", valid_to=date(2025, 7, 1), successor="000.00.00.G14")
    book = directory([closed, agency("000.00.00.G14")], [system("none")])
    leg = only("000.00.30.H53", directory=book)
    assert (leg.organ, leg.route) == ("000.00.00.G14", RouteKind.NATIONAL)


@pytest.mark.parametrize(
    "code", ["", "H53.*", "#", "H53 .11", "H53.\u200b11", "\u202eH53", "a" * 36, "H53..11", "<x>"]
)
def test_what_can_be_no_code_is_refused_in_ascii(code: str) -> None:
    leg = only(code)
    assert leg.refusal is not None
    assert leg.refusal.code == "code-malformed"
    assert leg.refusal.particulars["agency"].isascii()


def test_what_can_go_nowhere_stops_nobody_else_and_order_is_kept() -> None:
    legs = plan([HEALTH, UNKNOWN, DOOR, MINISTRY, GONE, FINANCE], view(), TODAY)
    assert [leg.organ for leg in legs] == [HEALTH, UNKNOWN, DOOR, MINISTRY, GONE, FINANCE]
    assert [leg.route is None for leg in legs] == [False, True, False, False, True, False]


groups = st.tuples(
    st.sampled_from(["000", "001", "A01"]),
    st.sampled_from(["00", "02"]),
    st.sampled_from(["00", "11"]),
    st.sampled_from(["H18", "G14", "A53"]),
).map(".".join)


@given(groups)
def test_an_organ_of_another_province_is_the_same_by_either_of_its_codes(code: str) -> None:

    twin = derived_twin(code)
    assert twin is not None
    if derived_twin(twin) == code:
        assert organ_of(code, directory()) == organ_of(twin, directory())


codes = st.sampled_from(
    [FINANCE, "H53.11", HEALTH, CLOSED, GONE, DOOR, COMMUNE, MINISTRY, "G14", UNKNOWN, "", "H53.*"]
)


@given(st.lists(codes, max_size=12))
def test_every_code_is_in_exactly_one_leg_and_every_leg_has_a_route_or_a_refusal(
    written: list[str],
) -> None:
    legs = plan(written, view(), TODAY)
    assert sorted(code for leg in legs for code in leg.addressed) == sorted(set(written))
    assert len({leg.organ for leg in legs}) == len(legs)
    for leg in legs:
        assert (leg.route is None) != (leg.refusal is None)
        assert bool(leg.inbox) == (leg.route is not None)
