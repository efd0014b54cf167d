"""The unit says what the daemon needs; its sandbox is held by scripts/check-systemd."""

from collections import defaultdict
from pathlib import Path

import yaml

from axisd.cli.exits import Exit
from axisd.config.model import CheckSettings, StopSettings
from axisd.config.units import parse_duration
from axisd.resources import config_path

FOLDER = Path(__file__).parents[2] / "systemd"


def unit(name: str = "axisd.service") -> dict[str, list[str]]:
    directives: dict[str, list[str]] = defaultdict(list)
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            directives[key].append(value)
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


def test_the_check_runs_twice_a_day_in_vietnams_time_and_makes_up_for_a_day_off() -> None:
    timer = unit("axisd-check.timer")
    assert timer["OnCalendar"] == [
        "*-*-* 07:30:00 Asia/Ho_Chi_Minh",
        "*-*-* 13:30:00 Asia/Ho_Chi_Minh",
    ]
    assert timer["Persistent"] == ["true"]


def test_the_check_says_that_the_timer_asked_and_has_time_enough() -> None:
    service = unit("axisd-check.service")
    assert service["ExecStart"] == ["/usr/bin/axisd check --trigger timer"]
    assert service["Type"] == ["oneshot"]
    patience = CheckSettings.model_fields["national_timeout"].default
    assert parse_duration(service["TimeoutStartSec"][0].replace("min", "m")) > 2 * patience


def test_the_check_has_the_sandbox_and_the_credentials_of_the_daemon() -> None:
    daemon, service = unit(), unit("axisd-check.service")
    own = {
        *("ExecStart", "ExecStartPre", "ExecReload", "Type", "NotifyAccess", "StandardOutput"),
        *("WatchdogSec", "TimeoutStartSec", "TimeoutStopSec", "TasksMax"),
        *("Restart", "RestartSec", "RestartPreventExitStatus"),
        *("Description", "Wants", "After", "WantedBy"),
        # The daemon's folder would go with the check, and its objects of shared memory too.
        *("RuntimeDirectory", "RuntimeDirectoryMode", "RemoveIPC"),
    }
    assert {name: daemon[name] for name in daemon.keys() - own} == {
        name: service[name] for name in service.keys() - own
    }
    assert "RuntimeDirectory" not in service
