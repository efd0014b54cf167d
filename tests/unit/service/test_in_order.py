from axisd.core.records import OutboxRow
from axisd.service.in_order import InOrder
from tests.support.values import row

DOCUMENT = "000.00.11.H53,2026/01/05,1/STC"
NONE: frozenset[str] = frozenset()


def about(number: int, document_id: str = DOCUMENT) -> OutboxRow:
    return row(number, "national:G14", about=document_id)


def order_of(*rows: OutboxRow) -> InOrder:
    order = InOrder()
    for one in rows:
        order.come(one)
    return order


def test_what_is_about_different_documents_or_about_none_stands_behind_nothing() -> None:
    rows = [about(1), about(2, "another"), about(3, ""), about(4, "")]
    order = order_of(*rows)
    everything = {one.id for one in rows}
    assert not any(order.must_stand(one, everything) for one in rows)


def test_what_is_about_one_document_stands_behind_what_came_before_until_that_has_left() -> None:
    first, second, third = about(1), about(2), about(3)
    order = order_of(first, second, third)
    assert [order.must_stand(one, NONE) for one in (first, second, third)] == [False, True, True]
    order.stand(third)
    order.stand(second)
    assert order.following(DOCUMENT, NONE) is None
    order.left(first)
    assert order.following(DOCUMENT, NONE) == second
    assert order.following(DOCUMENT, NONE) is None
    order.left(second)
    assert order.following(DOCUMENT, NONE) == third


def test_what_comes_late_and_is_older_goes_first_but_not_beside_what_is_under_way() -> None:
    first, second = about(1), about(2)
    order = order_of(second)
    assert not order.must_stand(second, NONE)
    order.come(first)
    assert order.must_stand(second, NONE)
    assert order.must_stand(first, {second.id})
    assert not order.must_stand(first, {first.id})


def test_nobody_leaves_the_line_while_an_earlier_one_is_here() -> None:
    first, second, third = about(1), about(2), about(3)
    order = order_of(first, second, third)
    order.stand(third)
    order.left(second)
    assert order.following(DOCUMENT, NONE) is None
    order.left(first)
    assert order.following(DOCUMENT, NONE) == third


def test_nothing_is_kept_of_what_has_left() -> None:
    order = InOrder()
    for number in range(0, 100, 2):
        first, second = about(number, f"{number}"), about(number + 1, f"{number}")
        order.come(first)
        order.come(second)
        order.stand(second)
        order.left(first)
        assert order.following(f"{number}", NONE) == second
        order.left(second)
    order.left(about(1000))
    assert not order._here
    assert not order._in_line
