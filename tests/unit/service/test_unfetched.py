from datetime import timedelta

import pytest

import axisd.service.unfetched as module
from axisd.core.federation import Untaken
from axisd.ports import NationalItem
from axisd.service.unfetched import LONGEST, TOLD, Unfetched
from tests.support.values import HEALTH, NOW


def item(number: int = 1) -> NationalItem:
    return NationalItem(str(number), "edoc", "G14", HEALTH)


def fail(of: Unfetched, number: int = 1, *, now: float = 0.0, cause: str = "no") -> Untaken | None:
    return of.failed("document", item(number), cause, at=NOW, now=now)


def test_the_first_time_again_is_at_once_and_then_each_waits_twice_as_long_up_to_a_bound() -> None:
    unfetched, waits = Unfetched(1.0), []
    for _ in range(14):
        fail(unfetched)
        waits.append(next(s for s in range(10_000) if unfetched.due("document", item(), float(s))))
    assert waits[:5] == [0, 2, 4, 8, 16]
    assert waits[-1] == LONGEST


def test_operators_are_told_from_the_third_time_on_since_when_and_why() -> None:
    unfetched = Unfetched(1.0)
    assert [fail(unfetched) for _ in range(TOLD - 1)] == [None] * (TOLD - 1)
    assert len(unfetched) == 0
    told = unfetched.failed(
        "document", item(), "code 20:\n later " + "x" * 999, at=NOW + timedelta(hours=1), now=0.0
    )
    assert told is not None
    assert (told.since, told.tried_at, told.tries) == (NOW, NOW + timedelta(hours=1), TOLD)
    assert told.cause.startswith("code 20: later x")
    assert len(told.cause) <= 300
    assert len(unfetched) == 1


def test_what_was_taken_is_forgotten_and_said_to_have_been_kept_only_if_it_was() -> None:
    unfetched = Unfetched(1.0)
    fail(unfetched)
    assert unfetched.taken("document", item()) is None
    for _ in range(TOLD):
        fail(unfetched)
    assert unfetched.taken("document", item()) is not None
    assert unfetched.due("document", item(), 0.0)
    assert unfetched.taken("document", item()) is None


def test_what_is_not_listed_any_more_is_gone_and_told_once() -> None:
    unfetched = Unfetched(1.0)
    for number in (1, 2):
        for _ in range(TOLD):
            fail(unfetched, number)
    fail(unfetched, 3)
    assert unfetched.gone("status", set()) == []
    gone = unfetched.gone("document", {"2"})
    assert [(one.doc_id, one.listed) for one in gone] == [("1", False)]
    assert unfetched.gone("document", {"2"}) == []
    assert unfetched.tries("document", item(3)) == 0


def test_what_stood_in_the_ledger_is_tried_at_once_and_goes_on_counting() -> None:
    unfetched = Unfetched(1.0)
    known = Untaken("document", "1", NOW, tries=40)
    unfetched.recall([known, Untaken("document", "2", NOW, tries=5, listed=False)])
    assert unfetched.due("document", item(), 0.0)
    assert (unfetched.tries("document", item()), unfetched.tries("document", item(2))) == (40, 0)
    told = fail(unfetched)
    assert told is not None
    assert told.tries == 41


def test_of_too_many_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    unfetched = Unfetched(1.0)
    for number in (1, 2, 3):
        fail(unfetched, number)
    assert [unfetched.tries("document", item(number)) for number in (1, 2, 3)] == [0, 1, 1]
