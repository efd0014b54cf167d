"""`axisd run`: the daemon, in the foreground. systemd, or a person at a terminal, starts it so."""

from __future__ import annotations

from pathlib import Path

import click

from axisd import daemon
from axisd.adapters import logs
from axisd.adapters.clock import SystemClock
from axisd.cli.frame import AxisCommand, config_option
from axisd.cli.loop import finish
from axisd.config.load import load
from axisd.config.model import LogSettings
from axisd.errors import ConfigError


@click.command(
    cls=AxisCommand,
    examples=[
        ("run", "the axis of /etc/axisd/axisd.yaml, until SIGTERM"),
        ("run --config axisd.yaml", "the same with another configuration"),
    ],
)
@config_option
def run(config: Path) -> None:
    """Run the axis in the foreground, until SIGTERM or Ctrl-C.

    SIGTERM lets what is in flight settle; a second one does not wait. SIGHUP, or axisd reload, reads the
    configuration again and keeps the old one if the new one is bad. Logs go to stderr.
    """
    wanted = _log_settings(config)
    logs.configure(wanted.level, wanted.format, now=SystemClock().now)
    finish(daemon.run(config))


def _log_settings(config: Path) -> LogSettings:
    """How to log; the defaults while the daemon finds out what is wrong with the configuration."""
    try:
        return load(config).log
    except ConfigError:
        return LogSettings()
