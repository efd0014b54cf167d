from datetime import timedelta
from typing import Any

from axisd.core.records import Parcel, RouteKind
from axisd.service.in_order import SOON, InOrder
from tests.support.values import MINISTRY, NOW, an_id, delivery, facts, parcel, row

MINUTE = timedelta(minutes=1)
DOCUMENT = "000.00.11.H53,2026/01/05,1/STC"


def about(number: int, document_id: str = DOCUMENT, destination: str = "national:G14") -> Parcel:
    told = facts(document_id=document_id)
    of = delivery(told, recipient=MINISTRY, inbox="G14", route=RouteKind.NATIONAL)
    waiting = row(number, destination)
    return parcel(of, facts=told, row=waiting)


def test_what_is_about_different_documents_or_goes_elsewhere_leaves_at_the_same_time() -> None:
    order = InOrder()
    parcels: list[Any] = [about(1), about(2, "another"), about(3, destination="national:G15")]
    assert [order.enter(one, NOW) for one in parcels] == [None, None, None]


def test_what_is_about_one_document_waits_for_what_came_before() -> None:
    order = InOrder()
    first, second = about(1), about(2)
    assert order.enter(first, NOW) is None
    assert order.enter(second, NOW) == NOW + SOON
    order.forget(first.row.id)
    assert order.enter(second, NOW) is None


def test_what_was_put_off_holds_what_comes_behind_it_until_it_is_tried_again() -> None:
    order = InOrder()
    first, second = about(1), about(2)
    order.enter(first, NOW)
    order.put_off(first.row.id, NOW + MINUTE)
    assert order.enter(second, NOW) == NOW + MINUTE + SOON
    assert order.enter(first, NOW + MINUTE) is None


def test_what_came_later_and_was_taken_first_does_not_keep_the_earlier_one() -> None:
    order = InOrder()
    order.enter(about(2), NOW)
    assert order.enter(about(1), NOW) is None


def test_nothing_is_kept_of_what_has_left() -> None:
    order = InOrder()
    for number in range(100):
        order.enter(about(number, f"document {number}"), NOW)
        order.forget(an_id(number))
    order.forget("never entered")
    assert not order._rows
    assert not order._keys
