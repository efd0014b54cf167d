"""A country of centres is plausible, whole, and the same again under the same dice."""

from collections import Counter

from axisd.config.shipped import shipped_agencies, shipped_first_level
from axisd.core.codes import derived_twin, is_centre, level1
from axisd.simulator.national.country import MINISTRY, PROVINCE, Body, country


def made(centres: int, dice: int = 0) -> dict[str, Body]:
    bodies = country(shipped_agencies(), shipped_first_level(), centres, dice)
    assert len({body.system_id for body in bodies}) == len(bodies)
    return {body.system_id: body for body in bodies}


def test_the_province_and_the_ministry_are_always_there_as_listed() -> None:
    small = made(1)
    assert list(small) == [PROVINCE, MINISTRY]
    listed = [agency for agency in shipped_agencies() if level1(agency.code) in {"H53", "A53"}]
    assert [a.code for a in small[PROVINCE].agencies] == [a.code for a in listed]
    assert made(12)[PROVINCE] == small[PROVINCE]


def test_a_dozen_centres_have_thousands_of_agencies() -> None:
    bodies = made(12)
    assert len(bodies) == 12
    assert all(is_centre(code) for code in bodies)
    assert sum(len(body.agencies) for body in bodies.values()) > 2000


def test_all_of_the_country_is_there_when_asked_for_and_nobody_twice() -> None:
    bodies = made(1000)
    assert len(bodies) > 50
    agencies = [agency for body in bodies.values() for agency in body.agencies]
    assert len(agencies) > 10_000
    assert max(Counter(agency.code for agency in agencies).values()) == 1
    twins = Counter(agency.twin for agency in agencies if agency.twin)
    assert max(twins.values()) == 1
    for body in bodies.values():
        codes = {agency.code for agency in body.agencies}
        assert {agency.parent for agency in body.agencies if agency.parent} <= codes
        assert {agency.centre for agency in body.agencies} == {body.system_id}
    assert {"00.26.W00", "02.14.W00"} <= bodies.keys()
    assert "00.39.W00" not in bodies, "Long An is closed"


def test_another_provinces_agencies_have_its_name_and_its_code() -> None:
    body = made(1000)["00.26.W00"]
    assert body.name == "Hà Nội"
    names = {agency.code: agency.name for agency in body.agencies}
    assert names["000.00.00.H26"] == "UBND thành phố Hà Nội"
    finance = next(agency for agency in body.agencies if agency.code == "000.00.11.H26")
    assert finance.twin == derived_twin(finance.code) == "H26.11"
    assert all("Hà Nội" in agency.name for agency in body.agencies)
    assert not any("Tây Ninh" in agency.name for agency in body.agencies)


def test_the_dice_choose_who_is_there() -> None:
    assert made(12, 1) == made(12, 1)
    assert made(12, 1).keys() != made(12, 2).keys()
    # The dice of one centre do not depend on how many others there are.
    few, many = made(12, 1), made(20, 1)
    assert few.keys() <= many.keys()
    assert all(few[code] == many[code] for code in few)
