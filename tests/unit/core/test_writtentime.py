from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.writtentime import day_in, moment_in
from axisd.core.zone import VIETNAM


@given(st.dates())
def test_every_day_is_read_as_it_is_written(day: date) -> None:
    assert day_in(f"{day:%Y}".zfill(4) + f"/{day:%m/%d}") == day


@given(st.datetimes(min_value=datetime(1000, 1, 1)))  # noqa: DTZ001 - given its zone below
def test_every_second_is_read_as_vietnams(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert moment_in(f"{at:%Y/%m/%d %H:%M:%S}") == at.replace(tzinfo=VIETNAM)


def test_iso_8601_is_read_with_its_zone_and_not_without() -> None:
    assert moment_in("2026-11-22T02:15:00Z") == datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
    assert moment_in("2026-11-22T09:15:00.000+07:00") == datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
    assert moment_in("2026-11-22T09:15:00") is None


@pytest.mark.parametrize(
    "written",
    ["16/09/2020", "2014/02/30", "0000/01/01", "", "2026/1/5", "²⁰²⁶/01/01", "2026-01-05", "null"],
)
def test_what_is_no_day_is_none(written: str) -> None:
    assert day_in(written) is None
    assert moment_in(f"{written} 08:00:00") is None


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    day_in(text)
    moment_in(text)


@pytest.mark.parametrize(
    "written",
    [
        "2026/11/20 24:00:01",
        "2026/11/20 8:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:00:00-07:00",
    ],
)
def test_what_is_no_time_is_none(written: str) -> None:
    assert moment_in(written) is None
