"""The file of agencies that systems registered: read, written, and how it fits beside the operators' own."""

from pathlib import Path

import pytest

from axisd.config.load import Configuration, read
from axisd.config.registered import read_registered, render_registered
from axisd.core.directory_text import directory_of, text_of
from axisd.errors import ConfigError
from tests.support.settings import TODAY, Site, small_site

CENTRE = "000.05.11.H53"
HEAD = "code,name,parent,valid_to,system\n"
ROW = f"{CENTRE},Trung tâm,000.00.11.H53,,finance\n"


def registering_site(folder: Path) -> Site:
    """The system `finance` behind the VXP door may register agencies, and there is a place for them."""
    site = small_site(folder)
    site.write("finance.secret", "hush")
    site.edit(
        "systems.yaml",
        "finance, channel: amqp",
        "finance, channel: vxp, secret_file: finance.secret, registers: true",
    )
    site.edit(
        "axisd.yaml", "systems: systems.yaml", "systems: systems.yaml, registered: registered.csv"
    )
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return registering_site(tmp_path)


def loaded(site: Site) -> Configuration:
    return read(site.config, day=TODAY)


def kinds(site: Site) -> list[str]:
    return [warning.kind for warning in loaded(site).warnings]


def test_there_need_be_no_file_yet(site: Site) -> None:
    assert len(loaded(site).view.directory.agencies) == 3
    assert kinds(site) == []


def test_a_system_serves_what_it_registered(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW)
    known = loaded(site).view.directory
    assert known.agencies[CENTRE].registered_by == "finance"
    assert known.systems["finance"].agencies == ("000.00.11.H53", CENTRE)
    assert known.systems["finance"].registers
    assert kinds(site) == []


def test_what_it_closed_is_served_still_and_warned_of_by_nobody(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW.replace(",,finance", ",2026-11-01,finance"))
    assert loaded(site).view.directory.serves("finance", CENTRE)
    assert kinds(site) == []


def test_the_directory_as_text_keeps_who_registered_and_who_may(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW)
    known = loaded(site).view.directory
    assert directory_of(text_of(known)) == known


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "registered.csv"
    text = (
        HEAD
        + ROW
        + f"{CENTRE},'Tên \"có, phẩy\"',,2026-01-01,other\n".replace("'", "").replace(
            'Tên "có, phẩy"', '"Tên ""có, phẩy"""'
        )
    )
    file.write_text(text, encoding="utf-8")
    problems: list[object] = []
    rows = [row.agency for row in read_registered(file, problems)]  # type: ignore[arg-type]
    assert (len(rows), problems) == (2, [])
    assert rows[1].name == 'Tên "có, phẩy"'
    file.write_text(render_registered(rows), encoding="utf-8")
    assert [row.agency for row in read_registered(file, [])] == rows


@pytest.mark.parametrize("code", [CENTRE, "H53.11.05"])
def test_an_operators_own_row_wins_in_either_style(site: Site, code: str) -> None:
    site.write("registered.csv", HEAD + ROW)
    agencies = (site.folder / "agencies.csv").read_text(encoding="utf-8")
    site.write("agencies.csv", agencies + f"{code},,Trung tâm của tỉnh,000.00.01.H53\n")
    known = loaded(site).view.directory
    found = known.find(CENTRE)
    assert found is not None
    assert (found.name, found.registered_by) == ("Trung tâm của tỉnh", "")
    assert known.systems["finance"].agencies == ("000.00.11.H53",)
    assert kinds(site) == ["registered-taken-over"]


def test_an_operator_may_pin_certificates_of_what_was_registered(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW)
    pin = "ab" * 32
    site.edit(
        "systems.yaml",
        "[000.00.11.H53]",
        f"[000.00.11.H53, {{code: {CENTRE}, certificates: [{pin}]}}]",
    )
    known = loaded(site).view.directory
    assert known.systems["finance"].agencies == ("000.00.11.H53", CENTRE)
    assert known.agencies[CENTRE].pins == {pin}


def test_rows_of_a_system_that_is_gone_are_kept_and_told(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW.replace("finance", "vendor"))
    assert loaded(site).view.directory.system_of(CENTRE) is None
    assert sorted(kinds(site)) == ["registered-by-nobody", "unreachable"]


def test_one_who_may_register_without_a_file_for_it_is_told(site: Site) -> None:
    site.edit("axisd.yaml", ", registered: registered.csv", "")
    (warning,) = loaded(site).warnings
    assert (warning.kind, warning.problem.line) == ("registers-nowhere", 3)
    assert "directory.registered" in warning.problem.text


def problem(site: Site) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    return "\n".join(f"{Path(p.file).name}:{p.line}: {p.text}" for p in caught.value.problems)


def test_a_bad_row_is_a_problem_with_its_line(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW + "000.06.11.H53,Tên,,never,finance\n")
    assert problem(site).startswith("registered.csv:3: valid_to")
    site.write("registered.csv", HEAD + "000.06.11.H53,Tên,,,\n")
    assert "registered.csv:2: system is missing" in problem(site)


def test_what_another_system_serves_in_the_operators_file_is_a_contradiction(site: Site) -> None:
    site.write("registered.csv", HEAD + ROW)
    site.edit("systems.yaml", "[000.00.01.H53]", f"[000.00.01.H53, {CENTRE}]")
    assert "is served by office and by finance" in problem(site)


@pytest.mark.parametrize("channel", ["amqp", "edoc"])
def test_only_the_vxp_door_has_a_call_for_it(site: Site, channel: str) -> None:
    secret = "" if channel == "amqp" else "secret_file: finance.secret, "
    site.edit(
        "systems.yaml",
        "channel: vxp, secret_file: finance.secret, ",
        f"channel: {channel}, {secret}",
    )
    assert "registers is for vxp" in problem(site)


@pytest.mark.parametrize("name", ["agencies.csv", "systems.yaml"])
def test_the_file_is_none_of_the_operators(site: Site, name: str) -> None:
    site.edit("axisd.yaml", "registered: registered.csv", f"registered: {name}")
    assert "a file of the daemon's own" in problem(site)
