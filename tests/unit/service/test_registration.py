"""Registration: who waits for the change, how many changes there are, and what is confirmed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from axisd.core.directory import Channel, Directory
from axisd.core.registration import NOT_MEANT, Asked, Decide, Denial, Rows
from axisd.core.view import View
from axisd.service import registration
from axisd.service.registration import Registration
from tests.support.values import DOOR, agency, system, view
from tests.support.virtual import START, LoopClock, virtually

CENTRE = "000.05.13.H53"


@dataclass
class Files:
    """Carries changes out in memory. `entered`: what an operator has saved beside it."""

    view: View
    rows: Rows = ()
    entered: tuple[str, ...] = ()
    changes: int = field(default=0)

    async def change(
        self, decide: Decide, confirm: Callable[[View], Denial | None]
    ) -> Denial | None:
        self.changes += 1
        wanted = decide(self.view, self.rows)
        if isinstance(wanted, Denial):
            return wanted
        theirs = [agency(code) for code in self.entered]
        counting = [row for row in wanted if row.code not in self.entered]
        rows = (agency(DOOR), *theirs, *counting)
        directory = Directory.of(rows, self.view.directory.systems.values())
        if (denial := confirm(replace(self.view, directory=directory))) is None:
            self.view, self.rows = replace(self.view, directory=directory), wanted
        return denial


@pytest.fixture
def files() -> Files:
    systems = (
        system("door", DOOR, channel=Channel.VXP, registers=True),
        system("other", channel=Channel.VXP),
    )
    return Files(view(directory=Directory.of([agency(DOOR)], systems)))


@pytest.fixture
def served(files: Files) -> Registration:
    return Registration(lambda: files.view, files.change, LoopClock())


def test_what_is_registered_and_closed_is_carried_out(files: Files, served: Registration) -> None:
    async def work() -> None:
        assert await served.register("door", Asked(CENTRE, "Trung tâm")) is None
        assert [row.code for row in files.rows] == [CENTRE]
        assert await served.close("door", CENTRE) is None
        assert [row.valid_to for row in files.rows] == [START.date()]

    virtually(work())


def test_who_may_not_waits_for_nobody(files: Files, served: Registration) -> None:
    async def work() -> None:
        for account in ("other", "nobody"):
            assert await served.register(account, Asked(CENTRE, "Trung tâm")) == NOT_MEANT
            assert await served.close(account, CENTRE) == NOT_MEANT

    virtually(work())
    assert files.changes == 0


def test_what_an_operator_entered_meanwhile_is_not_answered_as_registered(
    files: Files, served: Registration
) -> None:
    files.entered = (CENTRE,)
    denial = virtually(served.register("door", Asked(CENTRE, "Trung tâm")))
    assert denial is not None
    assert "operator" in denial.en
    assert files.rows == ()


def test_a_day_has_a_bounded_number_of_changes_and_repeats_are_none(
    files: Files, served: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "MOST_CHANGES", 2)

    async def work() -> None:
        for name in ("Một", "Một", "Hai", "Hai"):
            assert await served.register("door", Asked(CENTRE, name)) is None
        denial = await served.register("door", Asked(CENTRE, "Ba"))
        assert denial is not None
        assert denial.again
        assert files.rows[0].name == "Hai"
        await asyncio.sleep(24 * 3600)
        assert await served.register("door", Asked(CENTRE, "Ba")) is None

    virtually(work())
