"""The order of a mailbox: what is new first, urgent first, by age; and nothing starves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axisd.core.mailbox import WAITING, ItemState, Place, page, place_of
from axisd.core.submission import NORMAL_SHARE, Lane
from tests.support.values import an_id

URGENT, NORMAL = Lane.URGENT, Lane.NORMAL

waiting = st.lists(st.tuples(st.sampled_from(WAITING), st.sampled_from(Lane)), max_size=60)


def places(*items: tuple[ItemState, Lane]) -> list[Place]:
    return [place_of(an_id(number), *item) for number, item in enumerate(items, 1)]


def listed(found: list[Place], limit: int) -> list[Place]:
    """As a ledger does it: the first `limit` of each lane, and a page of these."""
    urgent = sorted(place for place in found if place.urgent)[:limit]
    normal = sorted(place for place in found if not place.urgent)[:limit]
    return list(page(urgent, normal, limit))


def test_urgent_comes_before_normal_by_age_and_what_failed_comes_last() -> None:
    made = places(
        (ItemState.FAIL, URGENT),
        (ItemState.INITIAL, NORMAL),
        (ItemState.PROCESSING, URGENT),
        (ItemState.INITIAL, URGENT),
        (ItemState.INITIAL, URGENT),
        (ItemState.PROCESSING, NORMAL),
    )
    order = [made.index(place) + 1 for place in listed(made, 10)]
    assert order == [4, 5, 2, 3, 6, 1]


def test_an_agency_that_fetches_and_never_says_done_still_gets_what_is_new() -> None:
    fetched = [(ItemState.PROCESSING, NORMAL)] * 30
    made = places(*fetched, (ItemState.INITIAL, NORMAL))
    assert made[-1] in listed(made, 10)


def test_under_a_flood_of_urgent_documents_every_fourth_place_is_a_normal_ones() -> None:
    flood = [(ItemState.INITIAL, URGENT)] * 1000
    made = places(*flood, *[(ItemState.INITIAL, NORMAL)] * 300)
    shown = listed(made, 500)
    normal = [place for place in shown if not place.urgent]
    assert (len(shown), len(normal)) == (500, 500 // NORMAL_SHARE)
    assert shown[: len(shown) - len(normal)] == made[: 500 - len(normal)], "urgent ones lead"
    assert normal == made[1000 : 1000 + len(normal)], "the oldest of each lane"


@given(waiting, st.integers(1, 40))
def test_a_page_is_full_without_repeats_in_order_and_shares_its_places(
    items: list[tuple[ItemState, Lane]], limit: int
) -> None:
    made = places(*items)
    shown = listed(made, limit)
    assert shown == sorted(set(shown))
    assert len(shown) == min(limit, len(made))
    normal = [place for place in made if not place.urgent]
    least = min(len(normal), limit // NORMAL_SHARE)
    assert sum(not place.urgent for place in shown) >= least
    for urgent in (True, False):
        lane = sorted(place for place in made if place.urgent is urgent)
        of_lane = [place for place in shown if place.urgent is urgent]
        assert of_lane == lane[: len(of_lane)], "nobody overtakes within a lane"
