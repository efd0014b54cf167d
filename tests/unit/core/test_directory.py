"""The directory answers for every code of an organ, as of a day."""

from datetime import date

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
