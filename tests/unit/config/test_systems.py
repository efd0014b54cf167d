"""Rows of systems: which channel asks for a secret, and that no secret shows anywhere."""

import json
import pickle
from pathlib import Path

import pytest

from axisd.config.load import Configuration, read
from axisd.core.allowance import UNLIMITED, Allowance
from axisd.errors import ConfigError
from tests.support.settings import TODAY, Site, small_site

TOKEN = "k7Gd-hush-hush-0123456789abc"


def door_site(folder: Path, secrets: str = TOKEN, *, channel: str = "vxp") -> Site:
    """The system `finance` behind a door."""
    site = small_site(folder)
    site.write("finance.secret", secrets)
    site.edit(
        "systems.yaml",
        "finance, channel: amqp",
        f"finance, channel: {channel}, secret_file: finance.secret",
    )
    return site


def loaded(site: Site) -> Configuration:
    return read(site.config, day=TODAY)


def problem(site: Site) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    (found,) = caught.value.problems
    return f"{Path(found.file).name}:{found.line}: {found.text}"


@pytest.mark.parametrize("channel", ["vxp", "edoc"])
def test_a_system_behind_a_door_has_the_secret_of_its_file(tmp_path: Path, channel: str) -> None:
    secrets = loaded(door_site(tmp_path, f"{TOKEN}\n", channel=channel)).secrets
    assert {
        account: [word.get_secret_value() for word in words] for account, words in secrets.items()
    } == {"finance": [TOKEN]}


def test_every_line_of_the_file_is_a_valid_secret_and_blank_ones_are_none(tmp_path: Path) -> None:
    secrets = loaded(door_site(tmp_path, f"\n  new one \r\n\n{TOKEN}\nnew one\n")).secrets
    assert [word.get_secret_value() for word in secrets["finance"]] == ["new one", TOKEN]


@pytest.mark.parametrize("channel", ["vxp", "edoc"])
def test_a_system_behind_a_door_needs_a_secret(tmp_path: Path, channel: str) -> None:
    site = small_site(tmp_path)
    site.edit("systems.yaml", "finance, channel: amqp", f"finance, channel: {channel}")
    assert problem(site).startswith(
        f"systems.yaml:3: systems[2]: a system with the channel {channel} needs secret_file"
    )


def test_over_amqp_a_secret_file_is_refused(tmp_path: Path) -> None:
    site = door_site(tmp_path)
    site.edit("systems.yaml", "channel: vxp", "channel: amqp")
    assert "secret_file is for vxp and edoc" in problem(site)


@pytest.mark.parametrize("content", ["", "\n \n", "two\x07bells\n", "x" * 4097, "\ufffd"])
def test_a_file_without_a_usable_secret_is_told_without_its_content(
    tmp_path: Path, content: str
) -> None:
    told = problem(door_site(tmp_path, content))
    assert told.startswith("systems.yaml:3: systems[2].secret_file: ")
    assert not content.strip() or content.strip() not in told


def test_a_secret_file_that_is_not_there_is_a_problem_at_its_line(tmp_path: Path) -> None:
    site = door_site(tmp_path)
    (tmp_path / "finance.secret").unlink()
    assert "finance.secret cannot be read" in problem(site)


def limits(folder: Path, text: str) -> Site:
    site = small_site(folder)
    site.edit("systems.yaml", "finance, channel: amqp", f"finance, channel: amqp, limits: {text}")
    return site


def test_limits_are_what_the_core_judges_by(tmp_path: Path) -> None:
    site = limits(tmp_path, "{rate: 2.5, burst: 7, size: 30MiB, outstanding: 1000}")
    systems = loaded(site).view.directory.systems
    assert systems["finance"].allowance == Allowance(30 * 1024**2, 2.5, 7, 1000)
    assert systems["office"].allowance == UNLIMITED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{rate: 0}", "limits.rate"),
        ("{burst: 5}", "give rate too"),
        ("{size: 30}", "not a size"),
        ("{outstanding: few}", "limits.outstanding"),
        ("{rates: 5}", "did you mean rate?"),
    ],
)
def test_limits_that_are_none_are_told_at_their_line(tmp_path: Path, text: str, said: str) -> None:
    told = problem(limits(tmp_path, text))
    assert told.startswith("systems.yaml:3: ")
    assert said in told


def test_a_secret_shows_in_no_representation_and_is_not_in_the_view(tmp_path: Path) -> None:
    configuration = loaded(door_site(tmp_path))
    shown = f"{configuration!r}{configuration.secrets!r}{configuration.sources!r}"
    assert TOKEN not in shown
    assert TOKEN.encode() not in pickle.dumps(configuration.view.directory.systems["finance"])
    assert TOKEN not in json.dumps(repr(configuration.view))


def test_a_change_is_judged_before_it_is_made_and_writes_nothing(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    systems, secret = tmp_path / "systems.yaml", tmp_path / "new.secret"
    before = systems.read_text()
    row = "  - {account: ward, channel: edoc, agencies: [000.20.30.H53], secret_file: new.secret}\n"
    instead = {systems: before + row, secret: TOKEN}
    judged = read(site.config, day=TODAY, instead=instead)
    assert judged.view.directory.systems["ward"].channel == "edoc"
    assert [word.get_secret_value() for word in judged.secrets["ward"]] == [TOKEN]
    assert TOKEN not in repr(judged)
    assert (systems.read_text(), secret.exists()) == (before, False)
    with pytest.raises(ConfigError) as caught:
        read(site.config, day=TODAY, instead={systems: before + row})
    (found,) = caught.value.problems
    assert (Path(found.file), found.line) == (systems, 4)
