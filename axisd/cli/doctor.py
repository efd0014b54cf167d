"""`axisd doctor`: everything an operator checks first, each failure with its fix. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.doctor_files import look_at_files
from axisd.cli.doctor_services import look_at_services
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, Outcome, failed, good, plain, warning
from axisd.cli.findings import told as said
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import Role, note, paint, say, say_json, visible
from axisd.config.load import Configuration, load, read
from axisd.config.model import Settings
from axisd.core.wording import Phrase
from axisd.core.zone import day_of
from axisd.errors import ConfigError


@click.command(
    cls=AxisCommand,
    examples=[
        ("doctor", "look at everything; what is wrong comes with its fix"),
        ("doctor --json", "for machines"),
    ],
)
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> int:
    """Look at everything that an operator checks first, and say how to mend what is wrong.

    Configuration, secrets, certificates, disk, clock, ledger, broker, topology, inboxes, national axis,
    daemon. Changes nothing. Exit code 0 when nothing failed, else the code of the first failure: 78
    configuration, 69 something is not there, 70 integrity, 65 the broker differs, 75 temporary.
    """
    findings = list(_look(config))
    failures = [finding for finding in findings if finding.outcome is Outcome.FAILED]
    if as_json:
        say_json({"healthy": not failures, "checks": [_json(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
        warnings = sum(finding.outcome is Outcome.WARNING for finding in findings)
        note(f"{len(findings)} looked at: {len(failures)} failed, {warnings} warnings")
    return failures[0].code if failures else Exit.DONE


def _look(config: Path) -> Iterator[Finding]:
    now = SystemClock().now()
    finding, settings, loaded = _configuration(config)
    yield finding
    if settings is not None:
        yield from look_at_files(config, settings, now)
        yield from finish(look_at_services(settings, loaded, now))


def _configuration(config: Path) -> tuple[Finding, Settings | None, Configuration | None]:
    """What is wrong with it, and as much of it as can be used for looking further."""
    name = "configuration"
    try:
        loaded = read(config, day=day_of(SystemClock().now()))
    except ConfigError as error:
        finding = failed(name, said(error), plain("axisd config check"), error.exit_code)
        try:
            return finding, load(config), None
        except ConfigError:
            return finding, None, None
    directory, warnings = loaded.view.directory, len(loaded.warnings)
    agencies, systems = len(directory.agencies), len(directory.systems)
    counted = Phrase(
        f"{config}: {agencies} agencies, {systems} systems",
        f"{config}: {agencies} cơ quan, {systems} hệ thống",
    )
    if warnings:
        counted = Phrase(f"{counted.en}, {warnings} warnings", f"{counted.vi}, {warnings} cảnh báo")
        return warning(name, counted, plain("axisd directory check")), loaded.settings, loaded
    return good(name, counted), loaded.settings, loaded


_ROLES: dict[Outcome, Role] = {
    Outcome.GOOD: "good",
    Outcome.WARNING: "warn",
    Outcome.FAILED: "bad",
    Outcome.SKIPPED: "dim",
}


def _print(finding: Finding) -> None:
    first, *rest = finding.detail.en.splitlines() or [""]
    outcome = paint(f"{finding.outcome:<8}", _ROLES[finding.outcome])
    say(f"{outcome} {finding.name:<14} {visible(first)}")
    margin = " " * 24
    for line in rest:
        say(f"{margin}{visible(line)}")
    if finding.mend:
        say(f"{margin}{paint('mend:', 'strong')} {visible(finding.mend.en)}")


def _json(finding: Finding) -> dict[str, str | None]:
    return {
        "name": finding.name,
        "outcome": finding.outcome,
        "detail": finding.detail.en,
        "mend": finding.mend.en if finding.mend else None,
    }
