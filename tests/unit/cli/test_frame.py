"""The program as a person and as a script meet it: help, names, failures, exit codes."""

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from axisd.cli.exits import BadInput, Exit
from axisd.cli.frame import AxisCommand, AxisGroup, confirmed, yes_option
from axisd.cli.main import COMMANDS, program
from axisd.errors import (
    ConfigError,
    IntegrityError,
    Problem,
    TransientError,
    UnavailableError,
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


def failing(error: BaseException) -> AxisGroup:
    @click.group(cls=AxisGroup)
    def noun() -> None:
        """A noun."""

    @noun.command("verb", examples=[("noun verb", "what it does")])
    def verb() -> None:
        """Do it."""
        raise error

    return noun


def test_the_bare_program_prints_its_help_with_examples_before_options() -> None:
    result = run()
    assert result.exit_code == Exit.DONE
    assert result.stderr == ""
    assert result.stdout.index("Examples") < result.stdout.index("Options")
    assert "signed edXML in" in result.stdout.splitlines()[0]


def test_a_bare_noun_prints_its_help() -> None:
    result = run("directory")
    assert result.exit_code == Exit.DONE
    assert "axisd directory show" in result.stdout


def test_a_wrong_name_is_answered_with_the_nearest_right_one() -> None:
    result = run("directry")
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""
    assert "Did you mean 'directory'?" in result.stderr
    assert "Did you mean 'check'?" in run("directory", "chek").stderr
    assert "Did you mean '--json'?" in run("directory", "check", "--jsn").stderr


def test_a_missing_argument_is_a_usage_error_that_names_the_help() -> None:
    result = run("directory", "show")
    assert result.exit_code == Exit.USAGE
    assert "mend:" in result.stderr
    assert "directory show --help" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("bad"), 65),
        (UnavailableError("gone"), 69),
        (IntegrityError("torn"), 70),
        (ZeroDivisionError("ours"), 70),
        (TransientError("later"), 75),
        (ConfigError((Problem("f", 1, "x"),)), 78),
        (click.UsageError("no"), 64),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_failure_has_its_exit_code_and_says_nothing_on_stdout(
    error: BaseException, code: int
) -> None:
    result = CliRunner().invoke(failing(error), ["verb"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr


def test_a_failure_says_what_where_and_how_to_mend_it() -> None:
    result = CliRunner().invoke(
        failing(BadInput("it is broken", where="a.xml:3", mend="mend it")), ["verb"]
    )
    assert result.stderr.splitlines() == [
        "axisd: it is broken",
        "  where: a.xml:3",
        "  mend:  mend it",
    ]


def test_problems_of_the_configuration_come_one_to_a_line() -> None:
    error = ConfigError((Problem("a.yaml", 3, "one"), Problem("b.csv", 0, "two")))
    lines = CliRunner().invoke(failing(error), ["verb"]).stderr.splitlines()
    assert lines[:2] == ["a.yaml:3: one", "b.csv: two"]
    assert lines[2].startswith("axisd: 2 problems")


@pytest.mark.parametrize("arguments", [["verb", "--debug"], ["--debug", "verb"]])
def test_a_traceback_appears_only_with_debug(arguments: list[str]) -> None:
    noun = failing(ZeroDivisionError("ours"))
    assert "Traceback" not in CliRunner().invoke(noun, ["verb"]).stderr
    assert "Traceback" in CliRunner().invoke(noun, arguments).stderr
    assert "Traceback" not in CliRunner().invoke(noun, ["verb"]).stderr


def test_what_an_error_quotes_cannot_move_the_cursor() -> None:
    result = CliRunner().invoke(failing(BadInput("a\x1b[2Jb", where="c\rd")), ["verb"])
    assert "\x1b" not in result.stderr
    assert "\r" not in result.stderr


def test_a_change_without_anybody_to_ask_needs_yes() -> None:
    @click.command(cls=AxisCommand)
    @yes_option
    def change(yes: bool) -> None:
        if confirmed("really?", yes=yes):
            click.echo("done")

    assert CliRunner().invoke(change, []).exit_code == Exit.USAGE
    assert CliRunner().invoke(change, ["--yes"]).stdout == "done\n"


def test_every_command_of_the_table_can_be_loaded_and_explains_itself() -> None:
    for name, place in COMMANDS.items():
        result = run(name, "--help")
        assert result.exit_code == 0, f"{name}: {result.stderr}"
        assert "Usage:" in result.stdout
        assert len(place.summary) < 60


def test_help_is_quick_because_it_loads_no_command() -> None:
    script = (
        "import sys; from axisd.cli.main import program\n"
        "try: program.main([], prog_name='axisd')\n"
        "except SystemExit: pass\n"
        "print(sorted({'lxml', 'aiohttp', 'sqlalchemy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_reader_of_a_pipe_may_leave_early() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "axisd", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == Exit.BROKEN_PIPE
    assert "Traceback" not in done.stderr
