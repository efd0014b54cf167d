"""`axisd directory`: what the axis knows about agencies, without a daemon."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.cli.main import program
from axisd.core.audit import digest_of
from axisd.core.directory_text import directory_of
from axisd.simulator.national import serve
from tests.support.cli import axisd_beside
from tests.support.national import FINANCE, HEALTH, PROVINCE, SECRETS, SEED
from tests.support.settings import Site, joined, small_site
from tests.support.site_ledger import handed_in, noted
from tests.unit.config.test_registered import CENTRE, HEAD, ROW, registering_site


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


def test_what_systems_registered_is_told_apart(tmp_path: Path) -> None:
    site = registering_site(tmp_path)
    assert run(site, "list").stdout.splitlines()[0].split()[-1] == "NAME"
    site.write("registered.csv", HEAD + ROW)
    lines = run(site, "list").stdout.splitlines()
    assert lines[0].split()[-2:] == ["REGISTERED", "BY"]
    assert [line.split()[0] for line in lines[1:] if line.endswith("finance")] == [CENTRE]
    assert [agency["code"] for agency in facts(site, "list", "--registered")] == [CENTRE]
    assert facts(site, "show", CENTRE)["registered_by"] == "finance"
    assert "registered_by finance" in run(site, "show", CENTRE).stdout
    noted(site, datetime(2026, 1, 5, 1, 0, tzinfo=UTC))
    text = run(site, "history", "--at", "2026-01-06").stdout.encode()
    assert directory_of(text).agencies[CENTRE].registered_by == "finance"


def test_import_takes_over_what_a_system_registered_and_tells_what_follows(tmp_path: Path) -> None:
    site = registering_site(tmp_path)
    site.write("registered.csv", HEAD + ROW)
    site.write("new.csv", f"code,name\n{CENTRE},Trung tâm của tỉnh\n")
    words = ("import", str(site.folder / "new.csv"), "--merge")
    result = run(site, *words, "--apply", "--yes")
    assert result.exit_code == 0, result.stderr
    assert f"nobody receives for {CENTRE}" in result.stdout + result.stderr
    shown = facts(site, "show", CENTRE)
    assert (shown["registered_by"], shown["system"]) == (None, None)


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


DATED = (
    "code,name,valid_from,valid_to,successor,choices,intake\n"
    "000.00.01.H53,Văn phòng UBND tỉnh,,,,,\n"
    "000.00.11.H53,Sở Tài chính,,,,,\n"
    "000.20.30.H53,UBND Phường 1,,2025-07-01,,,000.00.01.H53\n"
    "000.20.30.H53,UBND Phường Tân Ninh,2025-07-01,,,,000.00.11.H53\n"
    "000.00.00.H39,Long An,,2025-07-01,000.00.01.H53,,\n"
    "000.00.40.H53,Huyện cũ,,2025-07-01,,000.00.01.H53 000.00.11.H53,\n"
)


def dated(site: Site) -> Site:
    site.write("agencies.csv", DATED)
    return site


def test_show_answers_as_of_a_day_in_vietnam(site: Site) -> None:
    dated(site)

    def shown(at: str, code: str = "000.20.30.H53") -> tuple[str, str, str]:
        found = facts(site, "show", code, "--at", at)
        return found["name"], found["state"], found["route"]

    before = ("UBND Phường 1", "open", "local:000.00.01.H53")
    after = ("UBND Phường Tân Ninh", "open", "local:000.00.11.H53")
    assert shown("2025-06-30") == before
    assert shown("2025-07-01") == after
    # The last instant before midnight in Vietnam, and midnight, told in three zones.
    assert shown("2025-06-30T23:59:59") == shown("2025-06-30T16:59:59Z") == before
    assert shown("2025-07-01T00:00:00+07:00") == shown("2025-06-30T17:00:00+00:00") == after
    assert shown("2025-07-01", "H39")[1:] == ("closed", "local:000.00.01.H53")
    assert shown("2025-06-30", "H39")[1:] == ("open", "nobody: national-closed")


def test_show_tells_who_speaks_for_a_closed_code_and_for_whom_an_agency_speaks(site: Site) -> None:
    dated(site)
    split = facts(site, "show", "000.00.40.H53")
    assert split["choices"] == split["heirs"] == ["000.00.01.H53", "000.00.11.H53"]
    assert "use 000.00.01.H53 or 000.00.11.H53" in split["advice"]
    office = facts(site, "show", "000.00.01.H53")
    assert office["forebears"] == ["000.00.00.H39", "000.00.40.H53"]
    assert "UBND Phường 1, until 2025-07-01" in run(site, "show", "000.20.30.H53").stdout


def test_list_answers_as_of_a_day(site: Site) -> None:
    dated(site)
    early = facts(site, "list", "phường", "--at", "2025-06-30")
    late = facts(site, "list", "phường", "--at", "2025-07-01")
    assert [agency["name"] for agency in early + late] == ["UBND Phường 1", "UBND Phường Tân Ninh"]
    assert "UBND Phường 1" in run(site, "list", "--at", "2025-06-30").stdout


def test_a_day_that_is_none_is_a_mistake_of_usage_with_an_example(site: Site) -> None:
    result = run(site, "show", "000.00.01.H53", "--at", "30/06/2025")
    assert result.exit_code == 64
    assert "write 2025-07-01" in result.stderr


def test_import_tells_whom_a_closure_would_break(site: Site) -> None:
    site.edit(
        "systems.yaml",
        "[000.00.11.H53]",
        f"[{{code: 000.00.11.H53, certificates: [{'ab' * 32}]}}], profile: if-present",
    )
    body = CliRunner().invoke(
        program,
        ["envelope", "new", "--from", "000.00.11.H53", "--to", "000.00.11.H53", "--number", "7",
         "--notation", "STC", "--subject", "x"],
    ).stdout_bytes  # fmt: skip
    handed_in(site, body, account="finance", agency="000.00.11.H53")
    closing = site.write(
        "closing.csv",
        "code,name,valid_to,successor\n000.00.11.H53,Sở Tài chính,2026-01-01,000.00.01.H53\n",
    )
    found = facts(site, "import", str(closing), "--merge")
    kinds = [item["kind"] for item in found["breaks"]]
    assert kinds == ["system", "certificates", "open-deliveries", "rerouted"]
    said = {item["kind"]: item["text"] for item in found["breaks"]}
    assert "let it serve 000.00.01.H53" in said["system"]
    assert said["open-deliveries"].startswith("2 rows of the outbox")
    assert said["rerouted"] == "000.00.11.H53: local:000.00.11.H53 → local:000.00.01.H53"
    assert "system-agency-closed" in {item["kind"] for item in found["warnings"]}
    assert "axisd outbox list" in run(site, "import", str(closing), "--merge").stdout


def test_import_of_what_breaks_nothing_says_nothing_of_it(site: Site) -> None:
    found = facts(site, "import", newer(site), "--merge")
    assert [item["kind"] for item in found["breaks"]] == []
    assert [item["kind"] for item in found["warnings"]] == ["unreachable"]


def test_import_shows_few_of_what_follows_unless_asked_for_all(site: Site) -> None:
    rows = "".join(f"000.00.{n}.H53,Sở {n}\n" for n in range(20, 50))
    file = str(site.write("many.csv", f"code,name\n{rows}"))
    few = run(site, "import", file, "--merge").stdout
    assert "! … and 10 more: --all" in few
    everything = run(site, "import", file, "--merge", "--all").stdout
    assert everything.count("! nobody receives") == 30


def test_import_tells_the_digests_of_the_file_before_and_after(site: Site) -> None:
    file = site.folder / "agencies.csv"
    before = digest_of(file.read_bytes())
    applied = facts(site, "import", newer(site), "--merge", "--apply", "--yes")
    assert applied["digest_before"] == before
    assert applied["digest_after"] == digest_of(file.read_bytes()) != before
    shown = run(site, "import", newer(site), "--merge")
    assert "nothing was written" not in shown.stderr


def test_import_without_a_list_or_with_two_is_a_mistake_of_usage(site: Site) -> None:
    assert run(site, "import").exit_code == 64
    assert run(site, "import", newer(site), "--national").exit_code == 64
    assert run(site, "import", newer(site), "--under", "H53").exit_code == 64


def test_import_from_an_axis_that_is_not_joined_is_a_problem_of_the_configuration(
    site: Site,
) -> None:
    assert run(site, "import", "--national").exit_code == 78


async def test_import_takes_the_national_axiss_lists(tmp_path: Path) -> None:
    async with await serve(tmp_path / "national", seed=SEED) as axis:
        site = joined(tmp_path, axis.url)
        async with VxpClient(axis.url, PROVINCE, SECRETS[PROVINCE], SystemClock()) as client:
            await client.call("deleteAgency", {"AgencyCode": HEALTH})
        words: list[str | Path] = ["directory", "import", "--national", "--config", site.config]
        shown = await axisd_beside(*words)
        found = json.loads((await axisd_beside(*words, "--apply", "--yes", "--json")).stdout)
        again = await axisd_beside(*words)
    assert {item["code"] for item in found["added"]} == {
        "000.00.00.H53", "000.00.13.H53", "000.00.99.H53", "000.00.00.G14",
    }  # fmt: skip
    changed = {(item["code"], item["field"]): item["new"] for item in found["changed"]}
    assert changed[FINANCE, "twin"] == "H53.11"
    assert changed[FINANCE, "parent"] == "000.00.00.H53"
    assert "not on the national axis: 000.00.01.H53" in shown.stderr
    assert "0 added, 0 removed, 0 changed" in again.stdout
    kept = facts(site, "show", HEALTH)
    assert kept["state"] == "closed"
    assert facts(site, "show", "000.20.30.H53")["intake"] == "000.00.01.H53"


async def test_import_from_the_national_axis_leaves_what_stands_in_other_files_to_them(
    tmp_path: Path,
) -> None:
    async with await serve(tmp_path / "national", seed=SEED) as axis:
        site = joined(tmp_path, axis.url)
        site.write("more.csv", "code,name\n000.00.00.G14,Bộ TT\n")
        site.edit("axisd.yaml", "[agencies.csv]", "[agencies.csv, more.csv]")
        into: list[str | Path] = ["--into", site.folder / "agencies.csv"]
        words: list[str | Path] = [
            "directory",
            "import",
            "--national",
            "--config",
            site.config,
            *into,
        ]
        result = await axisd_beside(*words)
    assert result.exit_code == 0
    assert "1 agencies stand in another file" in result.stderr


async def test_import_of_level_1_codes_that_the_national_axis_does_not_know_is_refused(
    tmp_path: Path,
) -> None:
    nobody = SEED.model_copy(update={"agencies": SEED.agencies[1:3]})
    async with await serve(tmp_path / "national", seed=nobody) as axis:
        site = joined(tmp_path, axis.url)
        words: list[str | Path] = [
            "directory",
            "import",
            "--national",
            "--under",
            "H99",
            "--config",
            site.config,
        ]
        result = await axisd_beside(*words)
    assert result.exit_code == 65
    assert "lists no agency under H99" in result.stderr


def test_history_tells_what_was_in_force_at_an_instant(site: Site) -> None:
    noted(site, datetime(2026, 1, 5, 1, 0, tzinfo=UTC))
    site.edit("agencies.csv", "Sở Tài chính", "Sở Tài chính mới")
    noted(site, datetime(2026, 1, 6, 1, 0, tzinfo=UTC))
    newest, oldest = facts(site, "history")
    assert (newest["changed"], oldest["added"], newest["before"]) == (1, 5, oldest["after"])
    assert newest["at"] == "2026-01-06T08:00:00.000+07:00"
    (row,) = newest["rows"]
    assert (row["old"][0]["name"], row["new"][0]["name"]) == ("Sở Tài chính", "Sở Tài chính mới")

    def name_at(at: str) -> str:
        text = run(site, "history", "--at", at).stdout.encode()
        agency = directory_of(text).find("000.00.11.H53")
        assert agency is not None
        return agency.name

    assert name_at("2026-01-06T07:59:59") == "Sở Tài chính"
    assert name_at("2026-01-06T08:00:00") == "Sở Tài chính mới"
    none = run(site, "history", "--at", "2026-01-05")
    assert none.exit_code == 65
    assert "knows of no directory" in none.stderr
    shown = run(site, "history")
    assert newest["after"] in shown.stdout, shown.stderr


def test_history_without_a_ledger_is_a_problem_of_the_configuration(site: Site) -> None:
    assert run(site, "history").exit_code == 78
