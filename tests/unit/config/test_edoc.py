"""The section of the eDoc door: accounts that it names must be there."""

from pathlib import Path

import pytest

from axisd.config.load import read
from axisd.errors import ConfigError
from tests.support.settings import TODAY, Site, small_site, with_probe_agency


def site_with(folder: Path, accounts: str) -> Site:
    site = small_site(folder)
    with_probe_agency(site, channel="edoc")
    text = site.config.read_text(encoding="utf-8")
    site.write("axisd.yaml", f"{text}edoc:\n  old_status_answer:\n    - probe\n{accounts}")
    return site


def test_an_edoc_system_may_have_the_old_answer(tmp_path: Path) -> None:
    settings = read(site_with(tmp_path, "").config, day=TODAY).settings
    assert settings.edoc.old_status_answer == ("probe",)
    assert settings.edoc.first_doc_id == 1_000_000_000


@pytest.mark.parametrize("account", ["finance", "nobody"])
def test_an_account_that_does_not_come_through_the_door_is_a_problem_at_its_line(
    tmp_path: Path, account: str
) -> None:
    site = site_with(tmp_path, f"    - {account}\n")
    lines = site.config.read_text(encoding="utf-8").splitlines()
    with pytest.raises(ConfigError) as raised:
        read(site.config, day=TODAY)
    (problem,) = raised.value.problems
    assert account in problem.text
    assert problem.line == lines.index(f"    - {account}") + 1
