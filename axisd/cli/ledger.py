"""`axisd ledger`: the evidence. Reads beside the running daemon; takes no lock and changes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.exits import Exit
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json, visible
from axisd.cli.progress import progress, watched
from axisd.cli.reading import ledger_at
from axisd.config.load import load
from axisd.ports import Verification


@click.group(
    cls=AxisGroup,
    examples=[("ledger verify", "every link, receipt and payload, from the first entry")],
)
def ledger() -> None:
    """The evidence: what happened to every submission, in a chain of hashes."""


@ledger.command(
    "verify",
    examples=[
        ("ledger verify", "everything"),
        ("ledger verify --skip-payloads", "all but the content of envelopes: much quicker"),
        ("ledger verify --json", "for machines; keep the head that it prints"),
    ],
)
@click.option("--skip-payloads", is_flag=True, help="Do not read the envelopes themselves.")
@config_option
@json_option
def verify(skip_payloads: bool, config: Path, as_json: bool) -> Exit:
    """Verify the ledger: file, chain, receipts, payloads.

    Exit code 0 when everything holds, 70 when anything does not. Only a head that was kept elsewhere
    shows that the end was not cut off: keep the one that this prints.
    """
    folder = load(config).ledger.folder
    clock = SystemClock()
    began = clock.monotonic()
    found = finish(_verify(folder, payloads=not skip_payloads))
    seconds = clock.monotonic() - began
    if as_json:
        say_json(
            {
                "holds": not found.faults,
                "entries": found.entries,
                "receipts": found.receipts,
                "payloads": found.payloads,
                "head": {"position": found.head.position, "hash": found.head.hash},
                "faults": list(found.faults),
                "seconds": round(seconds, 3),
            }
        )
    else:
        _print(folder, found, seconds)
    return Exit.INTEGRITY if found.faults else Exit.DONE


async def _verify(folder: Path, *, payloads: bool) -> Verification:
    async with ledger_at(folder) as reader:
        rows = await reader.count() if watched() else {}
        length = rows.get("entry", 0) + (rows.get("payload", 0) if payloads else 0)
        with progress(length, "verifying") as advance:
            return await reader.verify(payloads=payloads, progress=advance)


def _print(folder: Path, found: Verification, seconds: float) -> None:
    for fault in found.faults:
        say(f"{paint('fault', 'bad')}  {visible(fault)}")
    say(
        f"{folder}: {found.entries} entries, {found.receipts} receipts, {found.payloads} payloads"
        f" in {seconds:.1f} s"
    )
    say(f"{paint('head', 'dim')}  {found.head.position} {found.head.hash}")
    if not found.faults:
        say(paint("everything holds", "good"))
        return
    count = len(found.faults)
    note(f"axisd: the ledger does not hold: {count} fault{'' if count == 1 else 's'}", "bad")
    note(
        "  mend:  stop axisd, copy the folder as it is, and restore the newest backup that verifies"
    )
