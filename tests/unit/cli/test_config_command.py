"""`axisd config check` is the daemon's own loader."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from axisd.cli.main import program
from axisd.errors import ConfigError, Problem
from axisd.web.control import Answer, control_app
from axisd.web.server import serve_socket
from tests.support.control import Book
from tests.support.settings import Site, small_site


def check(site: Site, *options: str) -> Result:
    return CliRunner().invoke(program, ["config", "check", "--config", str(site.config), *options])


def test_a_good_configuration_is_summed_up_on_stdout(tmp_path: Path) -> None:
    result = check(small_site(tmp_path))
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "is good: 3 agencies, 2 systems, 0 authorities, national axis not joined\n"
    )
    assert result.stderr == ""


def test_warnings_go_to_stderr_and_do_not_fail(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.edit("agencies.csv", "UBND Phường 1,000.00.01.H53", "UBND Phường 1,")
    result = check(site)
    assert result.exit_code == 0
    assert "agencies.csv:4: nobody receives for 000.20.30.H53" in result.stderr


def test_a_bad_one_ends_with_78_and_all_problems(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.edit("axisd.yaml", "{folder: ledger}", "{foldr: ledger}")
    result = check(site)
    assert (result.exit_code, result.stdout) == (78, "")
    assert "axisd.yaml:2: ledger.foldr is not a setting; did you mean folder?" in result.stderr
    assert "2 problems in the configuration" in result.stderr


def test_json_tells_problems_with_file_and_line(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    good = json.loads(check(site, "--json").stdout)
    assert (good["valid"], good["problems"], good["agencies"]) == (True, [], 3)
    assert good["settings"]["delivery"]["lifetime"] == "5d"
    site.edit("axisd.yaml", "{folder: ledger}", "{}")
    result = check(site, "--json")
    bad = json.loads(result.stdout)
    assert result.exit_code == 78
    assert bad["valid"] is False
    assert [(item["line"], item["file"]) for item in bad["problems"]] == [(2, str(site.config))]


def test_a_file_that_is_not_there_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    result = check(Site(tmp_path))
    assert result.exit_code == 78
    assert "cannot be read" in result.stderr


def test_the_configuration_may_be_named_by_the_environment(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    result = CliRunner(env={"AXISD_CONFIG": str(site.config)}).invoke(program, ["config", "check"])
    assert result.exit_code == 0


class Operated:
    """A daemon as far as its socket shows."""

    def __init__(self, verdict: Answer | ConfigError) -> None:
        self._verdict = verdict

    async def reload(self) -> Answer:
        if isinstance(self._verdict, ConfigError):
            raise self._verdict
        return self._verdict

    async def retry(self, destination: str | None) -> Answer:
        raise AssertionError("nobody asked for it")

    async def interrupted(self) -> Answer:
        return {"interrupted": []}

    async def status(self) -> Answer:
        raise AssertionError("nobody asked for it")


async def reloaded(site: Site, verdict: Answer | ConfigError) -> Result:
    async with serve_socket(control_app(Operated(verdict), Book()), site.folder / "control.sock"):
        return await asyncio.to_thread(
            CliRunner().invoke, program, ["config", "reload", "--config", str(site.config)]
        )


async def test_reload_waits_for_the_verdict_and_names_what_waits_for_a_restart(
    tmp_path: Path,
) -> None:
    answer = {"version": 2, "agencies": 3, "waits_for_restart": ["http.listen"]}
    result = await reloaded(small_site(tmp_path), answer)
    assert (result.exit_code, result.stdout) == (0, "in use: version 2, 3 agencies\n")
    assert "http.listen changes with the next restart" in result.stderr


async def test_a_refused_reload_ends_with_78_and_the_daemons_problems(tmp_path: Path) -> None:
    result = await reloaded(small_site(tmp_path), ConfigError((Problem("a.csv", 7, "odd"),)))
    assert result.exit_code == 78
    assert "a.csv:7: odd" in result.stderr
    assert "a running daemon keeps the configuration that it has" in result.stderr


def test_reload_without_a_daemon_ends_with_69(tmp_path: Path) -> None:
    arguments = ["config", "reload", "--config", str(small_site(tmp_path).config)]
    result = CliRunner().invoke(program, arguments)
    assert result.exit_code == 69
    assert "no daemon listens" in result.stderr
