"""What a scripted centre still has to say: in order, until it is said, over a restart too."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from axisd.adapters.clock import ManualClock
from axisd.simulator.national.agenda import Agenda, Word
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE

NOW = ManualClock().now()
MINUTE = timedelta(minutes=1)
WORD = Word("01", OFFICE, FINANCE, "7/STC-VP", "7/STC-VP", "2026/01/05")


def said(agenda: Agenda, minutes: int, centre: str = MINISTRY) -> list[str]:
    """All that is due, said."""
    codes = []
    while owed := agenda.due(centre, NOW + minutes * MINUTE):
        codes.append(owed.word.code)
        agenda.done(owed)
    return codes


def word(code: str, minutes: int = 0) -> tuple[datetime, Word]:
    return NOW + minutes * MINUTE, replace(WORD, code=code)


def test_what_is_due_comes_in_the_order_of_its_time_and_then_as_it_was_put_down() -> None:
    agenda = Agenda()
    words = [word("06", 5), word("01"), word("03"), word("04", 1)]
    assert agenda.take(MINISTRY, "1", words)
    assert said(agenda, 0) == ["01", "03"]
    assert said(agenda, 5) == ["04", "06"]
    assert agenda.count(MINISTRY) == 0
    agenda.close()


def test_an_item_is_taken_once() -> None:
    agenda = Agenda()
    assert agenda.take(MINISTRY, "1", [word("01")])
    assert not agenda.take(MINISTRY, "1", [word("01")])
    assert agenda.take(PROVINCE, "1", [word("03")])
    assert (said(agenda, 0), said(agenda, 0, PROVINCE)) == (["01"], ["03"])
    agenda.close()


def test_nothing_more_is_said_about_what_was_dropped() -> None:
    agenda = Agenda()
    agenda.take(MINISTRY, "1", [word("06", 5)])
    agenda.take(MINISTRY, "2", [(NOW, replace(WORD, code="03", document_id="another"))])
    agenda.drop(MINISTRY, WORD.document_id)
    assert said(agenda, 9) == ["03"]
    agenda.close()


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    agenda = Agenda(tmp_path / "new")
    agenda.take(MINISTRY, "1", [word("01"), word("06", 5)])
    assert said(agenda, 0) == ["01"]
    agenda.close()
    agenda = Agenda(tmp_path / "new")
    assert not agenda.take(MINISTRY, "1", [word("01")])
    assert agenda.count(MINISTRY) == 1
    assert said(agenda, 5) == ["06"]
    agenda.close()
