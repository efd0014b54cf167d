"""`axisd simulate`: stands in for what an axis talks to, so that partners can try theirs."""

from __future__ import annotations

import click

from axisd.cli.frame import AxisGroup
from axisd.cli.simulate_agency import agency
from axisd.cli.simulate_national import national


@click.group(
    cls=AxisGroup,
    examples=[
        ("simulate agency --folder sandbox", "a whole province around the system one builds"),
        ("simulate national --folder sandbox", "a national axis of one's own, until Ctrl-C"),
    ],
)
def simulate() -> None:
    """Sandboxes."""


simulate.add_command(agency)
simulate.add_command(national)
