"""The same dice and the same calls meet the same faults, whatever other centres do meanwhile."""

from datetime import timedelta

from axisd.simulator.national import Conduct
from axisd.simulator.national.faults import Faults
from axisd.simulator.national.often import Between

CENTRES = ("00.53.W00", "00.14.W00")
OURS, THEIRS = CENTRES


def faults(dice: int = 0, **everywhere: str) -> Faults:
    return Faults(Conduct.read({"dice": dice, "everywhere": everywhere}, "test"), CENTRES)


def luck(drawn: Faults, times: int, centre: str = OURS) -> list[bool]:
    return [drawn.strikes("garbage", centre, "getEdoc") for _ in range(times)]


def test_the_same_dice_and_calls_meet_the_same_faults() -> None:
    first = luck(faults(7, garbage="30%"), 200)
    assert first == luck(faults(7, garbage="30%"), 200)
    assert first != luck(faults(8, garbage="30%"), 200)
    assert 30 < sum(first) < 90


def test_what_others_do_changes_nothing_of_ones_luck() -> None:
    alone, among = faults(7, garbage="30%"), faults(7, garbage="30%")
    mixed = []
    for _ in range(100):
        luck(among, 3, THEIRS)
        among.strikes("garbage", OURS, "sendEdoc")
        mixed += luck(among, 1)
    assert mixed == luck(alone, 100)


def test_a_number_strikes_the_first_so_many_calls_of_each_centre_and_operation() -> None:
    drawn = faults(garbage="2")
    assert luck(drawn, 4) == [True, True, False, False]
    assert luck(drawn, 3, THEIRS) == [True, True, False]
    assert drawn.strikes("garbage", OURS, "sendEdoc")
    assert drawn.struck == {(OURS, "garbage"): 3, (THEIRS, "garbage"): 2}


def test_an_items_own_occasions_are_counted_by_themselves() -> None:
    drawn = faults(failing_fetches="1")
    asked = [drawn.strikes("failing_fetches", OURS, "getEdoc", item) for item in "aabba"]
    assert asked == [True, False, True, False, False]


def test_strangers_are_counted_as_one() -> None:
    drawn = faults(garbage="1")
    assert [drawn.strikes("garbage", f"stranger {n}", "getEdoc") for n in range(3)] == [
        True,
        False,
        False,
    ]


def test_a_new_conduct_counts_anew_and_lets_go_of_who_waits() -> None:
    drawn = faults(garbage="1")
    assert luck(drawn, 2) == [True, False]
    before = drawn.changed
    drawn.replace(drawn.conduct)
    assert before.is_set()
    assert not drawn.changed.is_set()
    assert luck(drawn, 2) == [True, False]
    assert drawn.struck == {(OURS, "garbage"): 1}


def test_times_are_drawn_from_where_they_lie() -> None:
    between = Between(timedelta(minutes=10), timedelta(minutes=15))
    drawn = [faults(3).time(between, "delay", OURS) for _ in range(2)]
    assert drawn[0] == drawn[1]
    many = faults(3)
    times = {many.time(between, "delay", OURS) for _ in range(50)}
    assert len(times) == 50
    assert min(times) >= between.least
    assert max(times) <= between.most
    exact = Between(between.least, between.least)
    assert many.time(exact, "delay", OURS) == between.least
