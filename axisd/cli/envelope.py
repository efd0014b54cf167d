"""`axisd envelope`: envelopes as files. Needs no daemon and no broker; changes nothing but files."""

from __future__ import annotations

import click

from axisd.cli.envelope_inspect import inspect_
from axisd.cli.envelope_new import new
from axisd.cli.envelope_sign import sign
from axisd.cli.frame import AxisGroup


@click.group(
    cls=AxisGroup,
    examples=[
        ("envelope inspect FILE", "what the axis would say to it, step by step"),
        ("envelope sign FILE --key K --certificate C --out OUT", "put the signature in"),
        ("envelope new --from CODE --to CODE … --out OUT", "build one from options and files"),
    ],
)
def envelope() -> None:
    """Inspect, sign and build envelopes."""


envelope.add_command(inspect_)
envelope.add_command(sign)
envelope.add_command(new)
