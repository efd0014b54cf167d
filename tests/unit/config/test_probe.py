"""The probe agency has to be one that only the check speaks for."""

from pathlib import Path

import pytest

from axisd.config.load import read
from axisd.config.reload import waits_for_restart
from axisd.errors import ConfigError
from tests.support.settings import PROBE, TODAY, Site, small_site, with_probe_agency

SECTION = (
    f"check: {{agency: {PROBE}, url_file: probe-url, key: probe.key, certificate: probe.pem}}\n"
)


def site_with(folder: Path, section: str = SECTION) -> Site:
    site = small_site(folder)
    site.write("axisd.yaml", site.config.read_text(encoding="utf-8") + section)
    return site


def problem(site: Site) -> str:
    with pytest.raises(ConfigError) as caught:
        read(site.config, day=TODAY)
    (found,) = caught.value.problems
    assert found.line == site.config.read_text(encoding="utf-8").count("\n")
    return found.text


def test_the_view_names_the_probe_agency_and_the_daemon_needs_none_of_its_files(
    tmp_path: Path,
) -> None:
    assert read(small_site(tmp_path).config, day=TODAY).view.probe == ""
    site = site_with(tmp_path)
    with_probe_agency(site)
    loaded = read(site.config, day=TODAY)
    assert loaded.view.probe == PROBE
    assert loaded.settings.check is not None
    assert loaded.settings.check.key == tmp_path / "probe.key"
    assert not loaded.settings.check.key.exists()


def test_the_section_takes_effect_at_a_reload(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    with_probe_agency(site)
    text = site.config.read_text(encoding="utf-8")
    site.write("axisd.yaml", text.replace(SECTION, ""))
    before = read(site.config, day=TODAY).settings
    site.write("axisd.yaml", text)
    assert waits_for_restart(before, read(site.config, day=TODAY).settings) == ()


def test_a_code_that_the_directory_does_not_have_is_told(tmp_path: Path) -> None:
    assert "is not in the directory" in problem(site_with(tmp_path))


def test_an_agency_that_no_system_of_amqp_serves_is_told(tmp_path: Path) -> None:
    site = site_with(tmp_path, SECTION.replace(PROBE, "000.20.30.H53"))
    assert "no AMQP system serves 000.20.30.H53" in problem(site)
    site = site_with(tmp_path)
    with_probe_agency(site, channel="vxp")
    assert f"no AMQP system serves {PROBE}" in problem(site)


def test_a_system_that_serves_others_too_is_told(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    with_probe_agency(site)
    site.edit("systems.yaml", f"[{PROBE}]", f"[{PROBE}, 000.20.30.H53]")
    assert "probe serves other agencies too" in problem(site)


def test_a_system_takes_probes_unless_it_says_otherwise(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    with_probe_agency(site)
    systems = read(site.config, day=TODAY).view.directory.systems
    assert {account: one.probe for account, one in systems.items()} == {
        "office": True,
        "finance": True,
        "probe": True,
    }
    site.edit("systems.yaml", f"agencies: [{PROBE}]", f"agencies: [{PROBE}], probe: false")
    assert read(site.config, day=TODAY).view.directory.systems["probe"].probe is False
