"""`axisd document`: what happened to documents, as the ledger has it.

Its commands read beside the running daemon, change nothing, and show neither subject nor content.
"""

from __future__ import annotations

import click

from axisd.cli.frame import AxisGroup
from axisd.cli.overdue import overdue
from axisd.cli.trace import trace
from axisd.cli.unmatched import unmatched


@click.group(
    cls=AxisGroup,
    examples=[
        ("document trace ID", "every recipient, every event"),
        ("document overdue", "what recipients owe, and what is due next"),
        ("document unmatched", "statuses about documents that nobody knows"),
    ],
)
def document() -> None:
    """Documents, and what happened to them."""


document.add_command(trace)
document.add_command(overdue)
document.add_command(unmatched)
