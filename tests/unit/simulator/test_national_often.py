"""Chances and times as they are written: one form each, and a sentence for what is none."""

from datetime import timedelta

import pytest

from axisd.simulator.national.often import Between, Often, format_offset, parse_offset


@pytest.mark.parametrize(
    ("written", "often"),
    [
        ("10%", Often(share=0.1)),
        ("0.5 %", Often(share=0.005)),
        ("always", Often(share=1)),
        (True, Often(share=1)),
        ("never", Often()),
        (False, Often()),
        (0, Often()),
        (3, Often(first=3)),
        ("3 of sendEdoc", Often(first=3, only=("sendEdoc",))),
        ("always of getEdoc, updateStatus", Often(share=1, only=("getEdoc", "updateStatus"))),
    ],
)
def test_a_chance_is_read_and_written_back(written: object, often: Often) -> None:
    assert Often.of(written) == often
    assert Often.of(str(often)) == often


@pytest.mark.parametrize("written", ["101%", "-1", "often", "3.5", "10% of sendMail", "٣", None])
def test_what_is_no_chance_is_told_how_to_be_written(written: object) -> None:
    with pytest.raises(ValueError, match=r"write 10%|not an operation"):
        Often.of(written)


def test_a_chance_concerns_the_operations_that_it_names() -> None:
    assert Often.of("10%").concerns("getEdoc")
    assert not Often.of("10% of sendEdoc").concerns("getEdoc")
    assert not Often().concerns("getEdoc")


@pytest.mark.parametrize(
    ("written", "least", "most"), [("10m", 600, 600), ("10m..15m", 600, 900), ("0s", 0, 0)]
)
def test_a_time_is_one_or_lies_between_two(written: str, least: int, most: int) -> None:
    between = Between.of(written)
    assert between == Between(timedelta(seconds=least), timedelta(seconds=most))
    assert Between.of(str(between)) == between


@pytest.mark.parametrize("written", ["15m..10m", "soon", "10", "..5m"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"before it begins|not a duration"):
        Between.of(written)


@pytest.mark.parametrize(("written", "seconds"), [("-5m", -300), ("2h", 7200), ("0s", 0)])
def test_an_offset_may_lie_in_the_past(written: str, seconds: int) -> None:
    offset = parse_offset(written)
    assert offset == timedelta(seconds=seconds)
    assert format_offset(offset) == written
