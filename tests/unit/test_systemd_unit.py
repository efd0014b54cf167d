"""The unit says what the daemon needs; its sandbox is held by scripts/check-systemd."""

from collections import defaultdict
from pathlib import Path

import yaml

from axisd.cli.exits import Exit
from axisd.config.model import StopSettings
from axisd.config.units import parse_duration
from axisd.resources import config_path

FOLDER = Path(__file__).parents[2] / "systemd"


def unit() -> dict[str, list[str]]:
    directives: dict[str, list[str]] = defaultdict(list)
    for line in (FOLDER / "axisd.service").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            directives[name].append(value)
    return directives


def test_the_configuration_is_checked_before_the_start_and_a_reload_waits_for_its_verdict() -> None:
    assert unit()["Type"] == ["notify"]
    assert unit()["ExecStartPre"] == ["/usr/bin/axisd config check"]
    assert unit()["ExecReload"] == ["/usr/bin/axisd config reload"]


def test_what_cannot_mend_itself_is_not_restarted() -> None:
    assert unit()["RestartPreventExitStatus"] == [f"{Exit.USAGE:d} {Exit.CONFIGURATION:d}"]
    assert unit()["Restart"] == ["on-failure"]


def test_the_time_to_stop_covers_draining_and_relaying() -> None:
    stop = StopSettings()
    assert parse_duration(unit()["TimeoutStopSec"][0]) > stop.drain + stop.relay


def test_the_example_asks_for_the_credentials_that_the_unit_hands_over() -> None:
    text = config_path("axisd.yaml").read_text(encoding="utf-8")
    handed = {line.partition(":")[0] for line in unit()["LoadCredential"]}
    asked = {
        token.value.removeprefix("credential:")
        for token in yaml.scan(text)
        if isinstance(token, yaml.ScalarToken) and token.value.startswith("credential:")
    }
    assert handed == asked == {"amqp-url", "receipt-key"}


def test_folders_of_the_example_are_those_that_the_unit_makes() -> None:
    text = config_path("axisd.yaml").read_text(encoding="utf-8")
    assert "folder: /var/lib/axisd" in text
    assert "socket: /run/axisd/control.sock" in text
    assert (unit()["StateDirectory"], unit()["RuntimeDirectory"]) == (["axisd"], ["axisd"])


def test_no_secret_passes_through_the_environment_or_the_command_line() -> None:
    assert "Environment" not in unit()
    assert "EnvironmentFile" not in unit()


def test_the_kernel_may_be_asked_about_its_clock_which_nobody_can_set() -> None:
    assert "adjtimex clock_adjtime" in unit()["SystemCallFilter"]
    assert "ProtectClock" not in unit()
    assert unit()["CapabilityBoundingSet"] == [""]
