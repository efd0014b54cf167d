"""The working calendar as the configuration gives it, with the shipped exceptions and the public holidays."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from axisd.config.calendar import public_holidays
from axisd.config.load import load, read
from axisd.config.reload import waits_for_restart
from axisd.core.calendar import Calendar, Hours, Span, SpecialDay
from axisd.core.zone import VIETNAM
from axisd.errors import ConfigError
from tests.support.settings import TODAY, Site, shipped_site, small_site

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)


def shown(instant: datetime) -> str:
    return f"{instant.astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def calendar(site: Site, settings: str = "") -> Calendar:
    if settings:
        site.edit("axisd.yaml", "ledger:", f"calendar: {settings}\nledger:")
    return read(site.config, day=TODAY).view.calendar


def problems(site: Site) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(site.config, day=TODAY)
    return [f"{Path(one.file).name}:{one.line}: {one.text}" for one in caught.value.problems]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Calendar:
    return calendar(shipped_site(tmp_path_factory.mktemp("shipped")))


@pytest.mark.parametrize(
    ("entry", "legal"),
    [
        ("2026-01-09 16:59", "2026-01-09 16:59"),
        ("2026-01-16 17:01", "2026-01-19 07:00"),
        ("2024-05-04 09:00", "2024-05-04 09:00"),
        ("2024-04-29 09:00", "2024-05-02 07:00"),
        ("2026-01-02 09:00", "2026-01-05 07:00"),
        ("2026-01-10 09:00", "2026-01-10 09:00"),
        ("2026-02-13 18:00", "2026-02-23 07:00"),
        ("2026-01-07 12:00", "2026-01-07 13:30"),
        ("2025-04-26 09:00", "2025-04-26 09:00"),
        ("2026-08-29 09:00", "2026-09-03 07:00"),
    ],
)
def test_the_shipped_calendar_gives_the_legal_times_that_are_known(
    shipped: Calendar, entry: str, legal: str
) -> None:
    assert shown(shipped.legal_time(at(entry))) == legal


def test_a_friday_before_a_worked_saturday_ends_with_it(shipped: Calendar) -> None:
    assert shown(shipped.legal_time(at("2026-01-09 17:01"))) == "2026-01-10 07:00"
    assert shown(shipped.end_of_next_day(at("2026-01-09 09:00"))) == "2026-01-10 17:00"


def test_holidays_are_known_from_the_regulation_to_ten_years_ahead(shipped: Calendar) -> None:
    assert min(shipped.holidays).year == 2019
    assert max(shipped.holidays).year == TODAY.year + 10


def test_the_library_alone_does_not_know_the_swap_of_2026() -> None:
    """When it does, it says so of both days, and the lines in the shipped file do no harm."""
    public = public_holidays(2026, 2026)
    assert (date(2026, 1, 2) in public.off) == (date(2026, 1, 10) in public.worked)


def test_without_a_section_the_usual_hours_hold(tmp_path: Path) -> None:
    found = calendar(small_site(tmp_path))
    assert found.hours == (Hours(),)
    assert found.agencies == {}
    assert date(2026, 1, 1) in found.holidays


def test_hours_hold_from_their_day_on_and_say_their_weekdays(tmp_path: Path) -> None:
    found = calendar(
        small_site(tmp_path),
        "{lunch_is_outside: false, hours: [{open: [07:30-11:30, 13:00-16:30]},"
        " {valid_from: 2026-06-01, open: [06:30-10:30], days: [mon, sat]}]}",
    )
    assert found.hours == (
        Hours((Span.of("07:30-11:30"), Span.of("13:00-16:30")), lunch_is_outside=False),
        Hours((Span.of("06:30-10:30"),), frozenset({0, 5}), date(2026, 6, 1), False),
    )
    assert shown(found.legal_time(at("2026-01-07 12:00"))) == "2026-01-07 12:00"


def test_an_agency_has_its_own_hours_under_each_of_its_codes(tmp_path: Path) -> None:
    found = calendar(
        small_site(tmp_path),
        f"{{agencies: [{{agency: H53.11, hours: [{{open: [08:00-12:00]}}]}},"
        f" {{agency: {OFFICE}, lunch_is_outside: false}}]}}",
    )
    for code in (FINANCE, "H53.11"):
        assert shown(found.legal_time(at("2026-01-07 07:00"), code)) == "2026-01-07 08:00"
    assert shown(found.legal_time(at("2026-01-07 12:00"), OFFICE)) == "2026-01-07 12:00"
    assert shown(found.legal_time(at("2026-01-07 12:00"))) == "2026-01-07 13:30"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "days.yaml",
            """days:
                 - {date: 2026-03-02, kind: off, note: by decision}
                 - {date: 2026-03-07, kind: work, hours: [07:00-11:30, 13:00-15:00]}
            """,
        ),
        (
            "days.csv",
            """date,kind,note,hours
                 2026-03-02,off,by decision,
                 2026-03-07,work,,07:00-11:30 13:00-15:00
            """,
        ),
    ],
)
def test_exceptions_come_from_yaml_and_from_csv(tmp_path: Path, name: str, content: str) -> None:
    site = small_site(tmp_path)
    site.write(name, content)
    found = calendar(site, f"{{exceptions: {name}}}").exceptions
    assert found[date(2026, 3, 2)] == SpecialDay(worked=False, note="by decision")
    spans = (Span.of("07:00-11:30"), Span.of("13:00-15:00"))
    assert found[date(2026, 3, 7)] == SpecialDay(worked=True, spans=spans)


def test_the_file_wins_over_what_the_library_knows(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write(
        "days.yaml",
        "days:\n  - {date: 2025-04-26, kind: off}\n  - {date: 2026-09-02, kind: work}\n",
    )
    found = calendar(site, "{exceptions: days.yaml}")
    assert not found.is_working_day(date(2025, 4, 26))
    assert found.is_working_day(date(2026, 9, 2))


def test_every_mistake_in_a_file_of_exceptions_has_its_line(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write(
        "days.csv",
        "date,kind,hours\n"
        "2026-03-02,holiday,\n"
        "2026-13-02,off,\n"
        "2026-03-03,off,07:00-11:30\n"
        "2026-03-04,work,7-11\n"
        "2026-03-05,work,09:00-08:00\n"
        "2026-03-06,off,\n"
        "2026-03-06,work,\n",
    )
    site.edit("axisd.yaml", "ledger:", "calendar: {exceptions: days.csv}\nledger:")
    found = "\n".join(problems(site))
    for expected in (
        "days.csv:2: kind: input should be 'off' or 'work'",
        "days.csv:3: date:",
        "days.csv:4: the file: a day off has no hours",
        "days.csv:5: hours[1]: '7-11' are no office hours; write them as 07:00-11:30",
        "days.csv:6: the file: 09:00-08:00 ends before it begins",
        "days.csv:8: 2026-03-06 is given twice, first in line 7; keep one",
    ):
        assert expected in found


def test_a_mistake_in_a_yaml_file_has_its_line_too(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("days.yaml", "days:\n  - date: 2026-03-02\n    kin: off\n")
    site.edit("axisd.yaml", "ledger:", "calendar: {exceptions: days.yaml}\nledger:")
    assert problems(site) == [
        "days.yaml:2: days[1].kind is missing: `off` where nobody works, `work` where everybody does.",
        "days.yaml:3: days[1].kin is not a setting; did you mean kind?",
    ]


def test_the_exceptions_are_looked_at_although_something_else_is_wrong(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("days.csv", "date,kind\n2026-03-02,holiday\n")
    site.edit(
        "axisd.yaml", "ledger:", "calendar: {exceptions: days.csv}\nlog: {level: loud}\nledger:"
    )
    assert [line.split(" ")[0] for line in problems(site)] == ["axisd.yaml:3:", "days.csv:2:"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{exceptions: none.yaml}", "calendar.exceptions: "),
        ("{hours: []}", "calendar.hours: "),
        ("{hours: [{days: []}]}", "calendar.hours[1].days: "),
        ("{hours: [{days: [monday]}]}", "calendar.hours[1].days[1]: "),
        ("{hours: [{open: []}]}", "calendar.hours[1]: there are no office hours"),
        ("{hours: [{open: [7-11]}]}", "calendar.hours[1].open[1]: '7-11' are no office hours"),
        ("{hours: [{open: [13:30-17:00, 07:00-11:30]}]}", "does not begin after"),
        ("{hours: [{}, {}]}", "calendar.hours: every item after the first needs a valid_from"),
        (
            "{hours: [{valid_from: 2026-02-01}, {valid_from: 2026-01-01}]}",
            "calendar.hours: every item after the first needs a valid_from",
        ),
        ("{agencies: [{agency: 000.00.99.H53}]}", "000.00.99.H53: no agency of the directory"),
        (
            "{agencies: [{agency: 000.00.11.H53}, {agency: H53.11}]}",
            "H53.11: this agency's hours are given in line 2 already",
        ),
        ("{lunch_is_outside: often}", "calendar.lunch_is_outside: "),
    ],
)
def test_each_mistake_in_the_section_is_named_with_its_line(
    tmp_path: Path, settings: str, words: str
) -> None:
    site = small_site(tmp_path)
    site.edit("axisd.yaml", "ledger:", f"calendar: {settings}\nledger:")
    (problem,) = problems(site)
    assert problem.startswith("axisd.yaml:2: ")
    assert words in problem


def test_a_changed_calendar_and_clock_take_effect_at_a_reload(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("days.csv", "date,kind\n2026-03-02,off\n")
    old = load(site.config)
    site.edit(
        "axisd.yaml",
        "clock: {require_synchronised: false}",
        "clock: {require_synchronised: false, tolerance: 2s, settle: 1s, max_error: 9s}\n"
        "calendar: {exceptions: days.csv, lunch_is_outside: false, hours: [{days: [mon]}],"
        f" agencies: [{{agency: {FINANCE}}}]}}",
    )
    assert waits_for_restart(old, load(site.config)) == ()
