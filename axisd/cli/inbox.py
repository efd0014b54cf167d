"""`axisd inbox`: reads an agency's inbox or its receipts, as the agency's system does.

A message leaves the queue only when it is on the disk: without a folder to write to, looking is all that
is done.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.amqp import AgencyClient, Endpoint, Received
from axisd.adapters.amqp.client import Kind
from axisd.cli.account import account_options, endpoint
from axisd.cli.exits import BadInput
from axisd.cli.files import write_file
from axisd.cli.frame import AxisCommand, json_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json, visible

_PLAIN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}", re.ASCII)


@click.command(
    cls=AxisCommand,
    examples=[
        ("inbox CODE --url-file broker.url", "what is in it; nothing is taken"),
        ("inbox CODE --url-file broker.url --out FOLDER", "take everything into files"),
        ("inbox CODE --url-file broker.url --receipts --out FOLDER", "the same for receipts"),
    ],
)
@click.argument("agency", metavar="AGENCY")
@click.option("--receipts", is_flag=True, help="The agency's receipts instead of its inbox.")
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="N",
    help="So many messages at most. [default: all that wait]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write each message there as MESSAGE_ID.edxml or .xml, then take it from the queue.",
)
@click.option("--keep", is_flag=True, help="Leave in the queue what was written.")
@account_options
@json_option
def inbox(
    agency: str,
    receipts: bool,
    count: int | None,
    out: Path | None,
    keep: bool,
    url: str | None,
    url_file: Path | None,
    as_json: bool,
) -> None:
    """Show what waits for an agency, and with --out take it into files, exactly as it is.

    What is only looked at stays where it is; the broker counts such looks, and after a thousand of them it
    puts a message among the dead letters.
    """
    kind: Kind = "receipts" if receipts else "inbox"
    if out is not None:
        _make(out)
    reading = _Reading(agency, kind, count, out, keep)
    found = finish(_read(endpoint(url, url_file, "axisd inbox"), reading, quiet=as_json))
    if as_json:
        say_json(found)
        return
    taken = sum(1 for item in found if item["taken"])
    note(f"{len(found)} messages, {taken} of them taken from agency.{agency}.{kind}")
    if found and out is None:
        note("next: --out FOLDER takes them")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What to read, how much of it, and where it goes."""

    agency: str
    kind: Kind
    count: int | None
    out: Path | None
    keep: bool


async def _read(where: Endpoint, reading: _Reading, *, quiet: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with AgencyClient(where) as client:
        while reading.count is None or len(found) < reading.count:
            received = await client.get(reading.kind, reading.agency)
            if received is None:
                break
            file = _written(received, reading) if reading.out else None
            if file is not None and not reading.keep:
                await received.ack()
            found.append(_facts(received, file, taken=file is not None and not reading.keep))
            if not quiet:
                _print(found[-1])
    return found


def _written(received: Received, reading: _Reading) -> Path:
    """Where the message now lies, safely. One that is there already, byte for byte, is not written again."""
    assert reading.out is not None, "asked for only then"
    # The axis makes these ids; nobody else's may become a path.
    name = received.message_id
    if not _PLAIN.fullmatch(name):
        name = hashlib.sha256(received.body).hexdigest()
    file = reading.out / f"{name}{'.xml' if reading.kind == 'receipts' else '.edxml'}"
    if file.exists():
        if file.read_bytes() == received.body:
            return file
        raise BadInput(
            "it is there already, with other content; the message stays in the queue",
            where=str(file),
            mend="move it away and run this again",
        )
    write_file(file, received.body)
    _sync(reading.out)
    return file


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"it cannot be made: {error.strerror}", where=str(folder)) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _facts(received: Received, file: Path | None, *, taken: bool) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(received.body).hexdigest()}"
    return {
        "message_id": received.message_id,
        "type": received.type,
        "correlation_id": received.correlation_id,
        "priority": received.priority,
        "redelivered": received.redelivered,
        "bytes": len(received.body),
        "digest": digest,
        "whole": received.headers.get("axis-digest", digest) == digest,
        "headers": received.headers,
        "file": file,
        "taken": taken,
    }


def _print(facts: dict[str, Any]) -> None:
    again = ", not for the first time" if facts["redelivered"] else ""
    say(
        f"{paint(facts['message_id'], 'strong')}  {facts['type']}  priority {facts['priority']}{again}"
    )
    say(f"  about {visible(facts['correlation_id'])}")
    say(f"  {facts['bytes']} bytes, {facts['digest']}")
    if not facts["whole"]:
        say(paint("  its bytes are not those that the axis received: axis-digest differs", "bad"))
    for name, value in sorted(facts["headers"].items()):
        say(f"  {paint(f'{name}:', 'dim')} {visible(value)}")
    if facts["file"]:
        say(f"  {'taken into' if facts['taken'] else 'copied to'} {facts['file']}")
