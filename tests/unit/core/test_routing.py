from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.codes import derived_twin
from axisd.core.directory import Directory
from axisd.core.records import RouteKind
from axisd.core.routing import Leg, heirs_of, kin_of, organ_of, plan
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


@pytest.mark.parametrize("code", [UNKNOWN, FINANCE.lower(), "h53.11"])
def test_a_local_code_that_nobody_has_is_unknown_and_stays_in_the_province(code: str) -> None:
    leg = only(code)
    assert leg.refusal is not None
    assert (leg.refusal.code, leg.refusal.particulars["agency"]) == ("recipient-unknown", code)


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


CLOSES = date(2025, 7, 1)
EVE = date(2025, 6, 30)


def refused(leg: Leg) -> str:
    assert leg.route is None
    assert leg.refusal is not None
    return leg.refusal.text("en")


def test_of_a_split_agency_the_choices_are_named_in_both_languages_and_none_is_taken() -> None:
    split = agency("000.00.30.H53", valid_to=CLOSES, choices=(FINANCE, HEALTH))
    book = directory([split, agency(FINANCE), agency(HEALTH)], [system("finance", FINANCE, HEALTH)])
    leg = only("000.00.30.H53", directory=book)
    assert f"use {FINANCE} or {HEALTH}" in refused(leg)
    assert leg.refusal is not None
    assert f"hãy dùng {FINANCE} hoặc {HEALTH}" in leg.refusal.text("vi")
    assert "Nobody receives" in refused(only("000.00.30.H53", directory=book, day=EVE))


def test_a_successor_that_was_split_in_turn_names_its_parts() -> None:
    split = agency("000.00.31.H53", valid_to=CLOSES, choices=(FINANCE,))
    first = agency("000.00.30.H53", valid_to=date(2020, 1, 1), successor="000.00.31.H53")
    book = directory([split, first, agency(FINANCE)], [system("finance", FINANCE)])
    said = refused(only("000.00.30.H53", directory=book))
    assert "000.00.30.H53 was closed on 2020-01-01" in said
    assert f"use {FINANCE}" in said


def test_before_its_first_day_an_agency_is_refused_with_that_day() -> None:
    book = directory([agency(FINANCE, valid_from=CLOSES)], [system("finance", FINANCE)])
    assert "2025-07-01" in refused(only(FINANCE, directory=book, day=EVE))
    assert only(FINANCE, directory=book, day=CLOSES).inbox == FINANCE


def test_an_intake_office_that_changes_on_a_day_receives_until_the_day_before() -> None:
    rows = [
        agency(COMMUNE, intake=OFFICE, valid_to=CLOSES),
        agency(COMMUNE, intake=HEALTH, valid_from=CLOSES),
        agency(OFFICE),
        agency(HEALTH),
    ]
    book = Directory.of(rows, [system("office", OFFICE), system("health", HEALTH)])
    assert only(COMMUNE, directory=book, day=EVE).inbox == OFFICE
    assert only(COMMUNE, directory=book, day=CLOSES).inbox == HEALTH


def test_whoever_succeeds_an_intake_office_receives_in_its_place() -> None:
    rows = [agency(COMMUNE, intake=OFFICE), agency(HEALTH)]
    office = agency(OFFICE, valid_to=CLOSES, successor=HEALTH)
    serving = [system("office", OFFICE), system("health", HEALTH)]
    book = directory([*rows, office], serving)
    assert only(COMMUNE, directory=book, day=EVE).inbox == OFFICE
    assert only(COMMUNE, directory=book, day=CLOSES).inbox == HEALTH
    book = directory([*rows, agency(OFFICE, valid_to=CLOSES)], serving)
    assert "Nobody receives" in refused(only(COMMUNE, directory=book, day=CLOSES))


def test_under_a_closed_level_1_code_everything_that_is_not_listed_is_closed_with_it() -> None:
    top = agency("000.00.00.H39", twin="H39", valid_to=CLOSES, successor="000.00.00.H53")
    book = directory([top, agency("000.00.00.H53", twin="H53")], [system("none")])
    for code in ("000.00.11.H39", "H39.11"):
        said = refused(only(code, directory=book))
        assert f"{code} was closed on 2025-07-01; so was all of 000.00.00.H39" in said
        assert "under 000.00.00.H53" in said
    assert "not in the directory" in refused(only("000.00.11.H39", directory=book, day=EVE))
    elsewhere = agency("000.00.00.H23", twin="H23", valid_to=CLOSES, choices=("000.00.00.H24",))
    book = directory([elsewhere], [system("none")])
    assert "under 000.00.00.H24" in refused(only("000.00.11.H23", directory=book))
    assert only("000.00.11.H23", directory=book, day=EVE).route is RouteKind.NATIONAL


def late(code: str, **changes: object) -> Leg:
    (leg,) = plan([code], view(**changes), TODAY, late=True)
    return leg


def test_a_status_still_goes_to_a_closed_code_while_somebody_receives_for_it() -> None:
    closed = agency(GONE, valid_to=CLOSES)
    book = directory([closed], [system("gone", GONE)])
    assert only(GONE, directory=book).route is None
    leg = late(GONE, directory=book)
    assert (leg.organ, leg.route, leg.inbox) == (GONE, RouteKind.LOCAL, GONE)
    assert leg.note is not None
    assert leg.note.code == "recipient-closed"
    book = directory(
        [agency(GONE, valid_to=CLOSES, intake=OFFICE), agency(OFFICE)], [system("o", OFFICE)]
    )
    assert late(GONE, directory=book).inbox == OFFICE


def test_a_status_for_a_closed_code_that_nobody_receives_for_is_refused_as_closed() -> None:
    leg = late(GONE)
    assert (leg.route, leg.refusal and leg.refusal.code) == (None, "recipient-closed")


def test_a_status_for_a_closed_code_elsewhere_goes_to_the_national_axis() -> None:
    ministry = agency(MINISTRY, twin=MINISTRY_TWIN, valid_to=date(2025, 4, 14))
    book = directory([ministry], [system("none")])
    assert only(MINISTRY_TWIN, directory=book).route is None
    for code in (MINISTRY_TWIN, "000.00.03.G14"):
        leg = late(code, directory=book)
        assert (leg.route, leg.inbox) == (RouteKind.NATIONAL, code)
        assert leg.note is not None
    assert late(MINISTRY, directory=book, national=False).route is None


def test_a_status_follows_a_successor_like_everything_else() -> None:
    assert late(CLOSED) == only(CLOSED)


def test_a_status_is_not_sent_to_an_agency_that_is_yet_to_come() -> None:
    book = directory([agency(FINANCE, valid_from=date(2030, 1, 1))], [system("finance", FINANCE)])
    assert late(FINANCE, directory=book).route is None


def test_a_leg_knows_the_closed_organs_that_led_to_it() -> None:
    assert only(CLOSED).former == (CLOSED,)
    assert only(FINANCE, CLOSED).former == (CLOSED,)
    assert only(FINANCE).former == ()


def test_kin_are_the_organ_itself_its_heirs_and_its_forebears() -> None:
    book = directory()
    assert kin_of(CLOSED, book, CLOSES) == heirs_of(CLOSED, book, CLOSES) == (CLOSED, FINANCE)
    assert kin_of("H53.11", book, CLOSES) == (FINANCE, CLOSED)
    assert kin_of(CLOSED, book, EVE) == (CLOSED,)
    assert kin_of("H18.1", book, CLOSES) == (organ_of("H18.1", book),)


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
