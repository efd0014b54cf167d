"""The directory answers for every code of an organ, as of a day."""

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from axisd.core.directory import Agency, Channel, Directory, System

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def directory(*agencies: Agency, systems: tuple[System, ...] = ()) -> Directory:
    return Directory({a.code: a for a in agencies}, {s.account: s for s in systems})


PROVINCE = Agency("000.00.00.H53", "Tây Ninh", twin="H53")
FINANCE = Agency("000.00.11.H53", "Sở Tài chính")
CLOSED = Agency("000.00.00.H39", "Long An", twin="H39", valid_to=date(2025, 7, 1), successor="H53")
OFFICE = System("office", Channel.AMQP, ("H53", "000.00.11.H53"))


def test_every_code_of_an_organ_leads_to_the_one_that_stands_for_it() -> None:
    known = directory(PROVINCE, FINANCE)
    assert known.canonical("H53") == known.canonical("000.00.00.H53") == "000.00.00.H53"
    assert known.canonical("H53.11") == "000.00.11.H53"
    assert known.canonical("H99") == "H99"
    assert known.find("H99") is None


def test_an_account_speaks_for_its_agencies_in_both_styles_and_for_whom_they_took_over() -> None:
    other = System("other", Channel.VXP, ("000.00.00.H39",))
    alone = directory(PROVINCE, FINANCE, CLOSED, systems=(OFFICE,))
    assert alone.spoken_for("office", BEFORE) == (
        "000.00.00.H53", "H53", "000.00.11.H53", "H53.11",
    )  # fmt: skip
    assert alone.spoken_for("office", AFTER) == (
        "000.00.00.H53", "H53", "000.00.11.H53", "H53.11", "000.00.00.H39", "H39",
    )  # fmt: skip
    beside = directory(PROVINCE, FINANCE, CLOSED, systems=(OFFICE, other))
    assert "000.00.00.H39" not in beside.spoken_for("office", AFTER), "its own system serves it"
    assert beside.spoken_for("other", AFTER) == ("000.00.00.H39", "H39")
    assert beside.spoken_for("nobody", AFTER) == ()


def test_a_code_that_two_agencies_would_derive_is_spoken_for_by_neither() -> None:
    gap = Agency("000.11.00.H53", "a code with a gap")
    known = directory(FINANCE, gap, systems=(System("finance", Channel.VXP, (FINANCE.code,)),))
    assert known.spoken_for("finance", AFTER) == (FINANCE.code,)


def test_a_stated_twin_wins_over_a_derived_one() -> None:
    stated = Agency("000.00.12.H53", "other", twin="H53.11")
    known = directory(FINANCE, stated)
    assert known.canonical("H53.11") == "000.00.12.H53"
    assert known.find("H53.12") is None


def test_a_derived_twin_that_two_agencies_share_stands_for_neither() -> None:
    gap = Agency("000.11.00.H53", "a code with a gap")
    for known in (directory(FINANCE, gap), directory(gap, FINANCE)):
        assert known.find("H53.11") is None
        assert known.canonical("000.00.11.H53") == "000.00.11.H53"
        assert known.canonical("000.11.00.H53") == "000.11.00.H53"


def test_a_code_is_open_from_its_first_day_until_the_day_on_which_it_closes() -> None:
    agency = Agency("H1", "", valid_from=date(2020, 1, 1), valid_to=date(2025, 7, 1))
    assert [agency.open_on(day) for day in (date(2019, 12, 31), date(2020, 1, 1), BEFORE, AFTER)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_closed_code_leads_to_its_successor_from_the_day_it_closes() -> None:
    known = directory(PROVINCE, CLOSED)
    assert known.current("H39", BEFORE) is CLOSED
    assert known.current("H39", AFTER) is PROVINCE


def test_successors_in_a_circle_and_successors_that_are_missing_end_nowhere() -> None:
    first = Agency("H1", "", valid_to=BEFORE, successor="H2")
    second = Agency("H2", "", valid_to=BEFORE, successor="H1")
    assert directory(first, second).current("H1", AFTER) is None
    assert directory(first).current("H1", AFTER) is None


def test_a_system_serves_by_any_code_of_its_agencies_and_nobody_elses() -> None:
    known = directory(PROVINCE, FINANCE, CLOSED, systems=(OFFICE,))
    assert known.serves("office", "H53.11")
    assert known.serves("office", "000.00.00.H53")
    assert not known.serves("office", "H39")
    assert not known.serves("stranger", "H53")
    assert known.system_of("H53") is OFFICE
    assert known.system_of("H39") is None


def test_one_that_opens_later_is_neither_open_nor_closed_before() -> None:
    agency = Agency("H1", "", valid_from=AFTER)
    assert (agency.open_on(BEFORE), agency.closed_on(BEFORE)) == (False, False)
    assert agency.open_on(AFTER)


OLD = Agency("H1", "Huyện", intake="H8", valid_to=AFTER)
NEW = Agency("H1", "Xã", intake="H9", valid_from=AFTER, twin="000.00.00.H01")


def test_of_several_rows_of_a_code_the_one_of_the_day_answers_whatever_their_order() -> None:
    for rows in ([OLD, NEW], [NEW, OLD]):
        known = Directory.of(rows, [])
        assert known.at("H1", BEFORE) is OLD
        assert known.at("H1", AFTER) is NEW
        assert known.at("000.00.00.H01", BEFORE) is OLD
        assert known.find("H1") is NEW
        assert list(known) == [NEW]
        assert list(known.rows()) == [OLD, NEW]


def test_between_two_rows_of_a_code_it_is_closed_and_before_the_first_not_yet_open() -> None:
    first = Agency("H1", "", valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1), successor="H2")
    second = Agency("H1", "", valid_from=date(2025, 1, 1))
    known = Directory.of([first, second, PROVINCE], [])
    assert known.at("H1", date(2019, 1, 1)) is first
    assert known.at("H1", date(2023, 1, 1)) is first
    assert known.path("H1", date(2019, 1, 1)) == (first,)
    assert known.current("H1", date(2019, 1, 1)) is None
    assert known.current("H1", date(2025, 1, 1)) is second


SPLIT = Agency("H9", "Huyện", valid_to=AFTER, choices=("H53", "000.00.11.H53"))
EARLIER = Agency("H8", "Thị xã", valid_to=date(2020, 1, 1), successor="H9")


def test_a_path_ends_where_an_agency_was_split_and_its_parts_still_speak_for_it() -> None:
    known = directory(PROVINCE, FINANCE, SPLIT, EARLIER)
    assert known.path("H8", AFTER) == (EARLIER, SPLIT)
    assert known.current("H8", AFTER) is None
    assert known.heirs("H8", AFTER) == ("H8", "H9", "000.00.00.H53", "000.00.11.H53")
    assert known.heirs("H8", BEFORE) == ("H8", "H9")
    assert known.heirs("H7", AFTER) == ()


def test_an_organ_knows_whom_it_took_over_from_from_the_day_on() -> None:
    known = directory(PROVINCE, FINANCE, SPLIT, EARLIER, CLOSED)
    assert known.forebears("H53", AFTER) == ("H9", "000.00.00.H39", "H8")
    assert known.forebears("H53", BEFORE) == ()
    assert known.forebears("H9", BEFORE) == ("H8",)
    assert known.forebears("nobody", AFTER) == ()


def test_a_code_that_opened_again_is_nobodys_forebear() -> None:
    again = Agency("H39", "Long An", valid_from=date(2026, 1, 1))
    closed = Agency("H39", "Long An", valid_to=AFTER, successor="H53")
    known = Directory.of([closed, again, PROVINCE], [])
    assert known.forebears("H53", date(2025, 12, 31)) == ("H39",)
    assert known.forebears("H53", date(2026, 1, 1)) == ()


def test_for_a_closed_code_speaks_whoever_serves_it_or_its_successor_never_the_reverse() -> None:
    known = directory(PROVINCE, FINANCE, CLOSED, systems=(OFFICE,))
    assert known.voice("office", "H39", AFTER) == "000.00.00.H53"
    assert known.voice("office", "H39", BEFORE) is None
    late = System("late", Channel.AMQP, ("H39",))
    known = directory(PROVINCE, FINANCE, CLOSED, systems=(OFFICE, late))
    assert known.voice("late", "H39", AFTER) == "000.00.00.H39"
    assert known.voice("late", "H53", AFTER) is None
    assert known.voice("stranger", "H53", AFTER) is None


def test_nobody_speaks_for_a_split_agency_but_its_own_system() -> None:
    known = directory(PROVINCE, FINANCE, SPLIT, systems=(OFFICE,))
    assert known.voice("office", "H9", AFTER) is None


CODES = [f"H{number}" for number in range(10, 18)]
days = st.integers(0, 6).map(lambda number: date(2025, 6, 28) + timedelta(days=number))
links = st.none() | st.sampled_from(CODES)


@st.composite
def tangled(draw: st.DrawFn) -> Directory:
    """Any directory, also one that no check would let pass: circles, overlaps, dates that are crossed."""

    def rows() -> Iterator[Agency]:
        for code in draw(st.lists(st.sampled_from(CODES), max_size=12)):
            yield Agency(
                code,
                "",
                valid_from=draw(st.none() | days),
                valid_to=draw(st.none() | days),
                successor=draw(links),
                choices=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2))),
                intake=draw(links),
            )

    return Directory.of(rows(), [])


@given(tangled(), st.sampled_from(CODES), days)
def test_whatever_circles_there_are_every_code_resolves_within_as_many_steps_as_there_are_codes(
    known: Directory, code: str, day: date
) -> None:
    path = known.path(code, day)
    assert len({agency.code for agency in path}) == len(path) <= len(known.agencies)
    assert bool(path) == (known.find(code) is not None)
    assert all(agency.closed_on(day) for agency in path[:-1])
    current = known.current(code, day)
    assert current is None or (current is path[-1] and current.open_on(day))
    heirs, forebears = known.heirs(code, day), known.forebears(code, day)
    assert {agency.code for agency in path} <= set(heirs)
    for found in (heirs, forebears):
        assert len(set(found)) == len(found) <= len(known.agencies)


@given(tangled(), st.sampled_from(CODES), days)
def test_who_speaks_for_a_closed_code_has_it_among_those_it_took_over_from(
    known: Directory, code: str, day: date
) -> None:
    for heir in known.heirs(code, day)[1:]:
        assert code == heir or code in known.forebears(heir, day)
