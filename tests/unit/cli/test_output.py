"""What is printed: aligned, harmless, and coloured only for people."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from axisd.cli.output import coloured, paint, say_json, say_table, visible
from axisd.core.directory import Channel


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colour_appears_on_a_terminal_only() -> None:
    assert paint("x", "bad", stream=Terminal()) != "x"
    assert paint("x", "bad", stream=io.StringIO()) == "x"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert not coloured(Terminal())


def test_columns_line_up_in_both_normal_forms(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("A", "B"), [("Sở", "1"), ("Sơ\u0309", "2"), ("xx", "3")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["A   B", "Sở  1", "Sơ\u0309  2", "xx  3"]


def test_a_cell_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("A",), [("\x1b[2J\u202e",)])
    assert capsys.readouterr().out.splitlines()[1] == "\\x1b[2J\\u202e"
    assert visible("Sở Tài chính") == "Sở Tài chính"


def test_json_cannot_move_the_cursor_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"id": "\x1b[2J\x9b2J\u202e\u2028\x7f\U000e0041 Sở"}
    say_json(said)
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.removesuffix("\n").split("\n"))
    assert "Sở" in out
    assert json.loads(out) == said


def test_json_is_readable_text_with_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    say_json(
        {
            "name": "Sở",
            "at": datetime(2026, 1, 2, tzinfo=UTC),
            "wait": timedelta(seconds=2),
            "file": Path("a"),
            "channel": Channel.AMQP,
            "codes": frozenset({"b", "a"}),
        }
    )
    out = capsys.readouterr().out
    assert '"name": "Sở"' in out
    assert '"at": "2026-01-02T00:00:00+00:00"' in out
    assert '"wait": 2.0' in out
    with pytest.raises(TypeError, match="object has no JSON form"):
        say_json(object())
