"""`axisd simulate`: stands in for what an axis talks to, so that partners can try theirs."""

from __future__ import annotations

import click

from axisd.cli.frame import AxisGroup
from axisd.cli.simulate_national import national


@click.group(
    cls=AxisGroup,
    examples=[("simulate national --folder sandbox", "a national axis of one's own, until Ctrl-C")],
)
def simulate() -> None:
    """Sandboxes."""


simulate.add_command(national)
