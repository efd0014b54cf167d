"""How long an item that was settled, and yet is listed, has to wait."""

import pytest

import axisd.service.relisted as module
from axisd.ports import NationalItem
from axisd.service.relisted import LONGEST, Relisted


def item(number: int = 1) -> NationalItem:
    return NationalItem(str(number), "edoc", "G14", "000.00.12.H53")


def wait(relisted: Relisted) -> float:
    """Seconds until the item is due, to the second."""
    relisted.settled("document", item(), 0.0)
    return next(float(s) for s in range(10_000) if relisted.due("document", item(), float(s)))


def test_the_first_time_again_is_at_once_and_then_each_waits_twice_as_long() -> None:
    relisted = Relisted(1.0)
    waits = [wait(relisted) for _ in range(14)]
    assert waits[:6] == [0.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert waits[-1] == LONGEST


def test_another_item_or_the_other_kind_does_not_wait() -> None:
    relisted = Relisted(1.0)
    wait(relisted)
    wait(relisted)
    assert not relisted.due("document", item(), 0.0)
    assert relisted.due("status", item(), 0.0)
    assert relisted.due("document", item(2), 0.0)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    relisted = Relisted(1.0)
    for number in (1, 1, 2, 2, 3, 3):
        relisted.settled("document", item(number), 0.0)
    assert [relisted.due("document", item(number), 0.0) for number in (1, 2, 3)] == [
        True,
        False,
        False,
    ]
