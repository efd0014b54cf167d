"""`axisd run`: the daemon, in the foreground. systemd, or a person at a terminal, starts it so."""

from __future__ import annotations

from pathlib import Path

import click

from axisd import daemon
from axisd.cli.frame import AxisCommand, config_option
from axisd.cli.loop import finish


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

    SIGTERM lets what is in flight settle; a second one does not wait. SIGHUP, or axisd config reload, reads
    the configuration again and keeps the old one if the new one is bad. Logs go to stderr.
    """
    finish(daemon.run(config))
