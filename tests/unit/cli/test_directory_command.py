"""`axisd directory`: what the axis knows about agencies, without a daemon."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisd.cli.main import program
from tests.support.settings import Site, small_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return small_site(tmp_path)


def run(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["directory", *arguments, "--config", str(site.config)])


def facts(site: Site, *arguments: str) -> Any:
    return json.loads(run(site, *arguments, "--json").stdout)


def test_list_shows_every_agency_and_who_receives_for_it(site: Site) -> None:
    lines = run(site, "list").stdout.splitlines()
    assert lines[0].split() == ["CODE", "RECEIVED", "BY", "NAME"]
    assert lines[3].split() == ["000.20.30.H53", "local:000.00.01.H53", "UBND", "Phường", "1"]


def test_list_finds_by_words_in_any_case_and_by_code(site: Site) -> None:
    assert [agency["code"] for agency in facts(site, "list", "TÀI CHÍNH")] == ["000.00.11.H53"]
    assert [agency["code"] for agency in facts(site, "list", "20.30")] == ["000.20.30.H53"]
    assert len(facts(site, "list", "--served")) == 2


def test_show_tells_everything_by_any_code(site: Site) -> None:
    shown = facts(site, "show", "H53.11")
    assert (shown["code"], shown["system"], shown["channel"]) == (
        "000.00.11.H53",
        "finance",
        "amqp",
    )
    assert (shown["profile"], shown["route"]) == ("required", "local:000.00.11.H53")
    assert "local        yes" in run(site, "show", "H53.11").stdout


def test_show_of_an_unknown_code_is_refused_with_near_ones(site: Site) -> None:
    result = run(site, "show", "000.00.12.H53")
    assert result.exit_code == 65
    assert "000.00.11.H53" in result.stderr


def test_check_groups_warnings_and_ends_well(site: Site) -> None:
    site.edit("agencies.csv", "UBND Phường 1,000.00.01.H53", "UBND Phường 1,")
    result = run(site, "check")
    assert result.exit_code == 0
    assert "unreachable: 1" in result.stdout
    assert [item["kind"] for item in facts(site, "check")] == ["unreachable"]


def test_check_shows_few_of_a_kind_unless_asked_for_all(site: Site) -> None:
    rows = "".join(f"000.00.{n}.H53,,Sở {n},\n" for n in range(20, 30))
    site.write("agencies.csv", (site.folder / "agencies.csv").read_text(encoding="utf-8") + rows)
    assert "and 5 more" in run(site, "check").stdout
    assert run(site, "check", "--all").stdout.count("nobody receives") == 10


def test_check_of_a_directory_that_the_daemon_would_refuse_ends_with_78(site: Site) -> None:
    site.edit("systems.yaml", "[000.00.11.H53]", "[000.00.01.H53]")
    result = run(site, "check")
    assert result.exit_code == 78
    assert "one system receives for one agency" in result.stderr


def newer(site: Site) -> str:
    text = "code,name\n000.00.11.H53,Sở Tài chính mới\n000.00.12.H53,Sở\u200b Y tế\n"
    return str(site.write("newer.csv", text))


def test_import_shows_what_would_change_and_writes_nothing(site: Site) -> None:
    before = (site.folder / "agencies.csv").read_bytes()
    result = run(site, "import", newer(site), "--merge")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "+ 000.00.12.H53  Sở Y tế",
        "~ 000.00.11.H53  name: Sở Tài chính → Sở Tài chính mới",
    ]
    assert "1 added, 0 removed, 1 changed" in result.stdout
    assert "--apply writes it" in result.stderr
    assert (site.folder / "agencies.csv").read_bytes() == before


def test_import_applies_with_yes_keeps_the_old_file_and_says_what_is_next(site: Site) -> None:
    before = (site.folder / "agencies.csv").read_bytes()
    applied = facts(site, "import", newer(site), "--merge", "--apply", "--yes")
    assert applied["applied"] is True
    assert Path(applied["backup"]).read_bytes() == before
    assert applied["tidied"] == ["000.00.12.H53"]
    assert facts(site, "show", "000.20.30.H53")["intake"] == "000.00.01.H53"
    again = run(site, "import", newer(site), "--merge", "--apply", "--yes")
    assert "0 added, 0 removed, 0 changed" in again.stdout


def test_import_in_a_script_needs_yes(site: Site) -> None:
    assert run(site, "import", newer(site), "--merge", "--apply").exit_code == 64


def test_import_of_a_list_that_would_break_the_directory_is_refused_whole(site: Site) -> None:
    result = run(site, "import", newer(site), "--apply", "--yes")
    assert result.exit_code == 65
    assert "system office serves '000.00.01.H53'" in result.stderr
    assert "nothing was written" in result.stderr


def test_import_refuses_a_list_that_names_a_code_twice(site: Site) -> None:
    file = site.write("twice.csv", "code,name\n000.00.11.H53,a\n000.00.11.H53,b\n")
    result = run(site, "import", str(file), "--merge")
    assert result.exit_code == 65
    assert "twice.csv:3: 000.00.11.H53 is already in line 2" in result.stderr


def test_import_passes_over_columns_that_axisd_does_not_keep(site: Site) -> None:
    file = site.write("other.csv", "code,name,mail\n000.00.11.H53,Sở Tài chính,x@example\n")
    result = run(site, "import", str(file), "--merge")
    assert result.exit_code == 0
    assert "mail" in result.stderr


def test_import_asks_which_file_when_there_are_several(site: Site) -> None:
    site.write("more.csv", "code,name\nH60,Tuyên Quang\n")
    site.edit("axisd.yaml", "[agencies.csv]", "[agencies.csv, more.csv]")
    assert run(site, "import", newer(site), "--merge").exit_code == 64
    into = str(site.folder / "agencies.csv")
    assert run(site, "import", newer(site), "--merge", "--into", into).exit_code == 0
    wrong = run(site, "import", newer(site), "--merge", "--into", str(site.folder / "x.csv"))
    assert wrong.exit_code == 64
