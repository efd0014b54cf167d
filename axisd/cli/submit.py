"""`axisd submit`: hands an envelope in as an agency's system does, with no more rights than it has.

Receipts that are waited for are looked at and left where they are: they belong to the agency's system.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from axisd.adapters.amqp import Endpoint
from axisd.cli.account import account_options, endpoint
from axisd.cli.exits import Exit
from axisd.cli.files import INPUT, read_file
from axisd.cli.frame import AxisCommand, json_option
from axisd.cli.loop import finish
from axisd.cli.offline import glimpsed
from axisd.cli.output import note, paint, say, say_json, visible
from axisd.client import Answer, AxisClient
from axisd.client.axis import LOOKED_AT
from axisd.core.receiptproof import ReceiptFacts
from axisd.core.submission import Lane
from axisd.core.view import Limits
from axisd.errors import TransientError


@click.command(
    cls=AxisCommand,
    examples=[
        ("submit FILE --url-file broker.url", "for the agency that the envelope is from"),
        ("submit FILE --url-file broker.url --wait 30", "and print the receipts that come"),
        ("submit - --url-file broker.url --agency CODE --lane urgent < FILE", "in a hurry"),
    ],
)
@click.argument("file", type=INPUT)
@click.option("--agency", metavar="CODE", help="For which agency. [default: the envelope's sender]")
@click.option(
    "--lane",
    type=click.Choice([lane.value for lane in Lane]),
    default=Lane.NORMAL.value,
    show_default=True,
    help="Which of the two intakes.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for the receipts about it.",
)
@account_options
@json_option
def submit(
    file: Path,
    agency: str | None,
    lane: str,
    wait: float,
    url: str | None,
    url_file: Path | None,
    as_json: bool,
) -> Exit:
    """Hand an envelope in over AMQP, as an agency's system does.

    Exit code 0 when the broker has it safe and nothing was refused, 65 when the axis refused it, for all
    recipients or for some, or it could not be placed, or the national axis did not take it, 75 when no
    receipt came in time. What became of each recipient is printed, with the reason. Receipts are only looked at, unproven:
    axisd inbox --receipts takes them, axisd receipt verify proves them.
    """
    body = read_file(file)
    agency = agency or _sender(body)
    where = endpoint(url, url_file, "axisd submit")
    handed_in = _HandedIn(agency, Lane(lane), body)
    answer = finish(_submit(where, handed_in, wait, quiet=as_json))
    if as_json:
        say_json(_json(handed_in, answer))
    if wait and not answer.receipts:
        raise TransientError(
            f"the broker has it, but no receipt came within {wait:g} seconds: does axisd run?"
        )
    return Exit.REFUSED if answer.failed else Exit.DONE


@dataclass(frozen=True, slots=True)
class _HandedIn:
    agency: str
    lane: Lane
    body: bytes = field(repr=False)


async def _submit(where: Endpoint, handed_in: _HandedIn, wait: float, *, quiet: bool) -> Answer:
    async with AxisClient(where, handed_in.agency) as client:
        answer = await client.submit(handed_in.body, urgent=handed_in.lane is Lane.URGENT)
        if not quiet:
            say(f"{paint('handed in', 'good')} for {handed_in.agency}, lane {handed_in.lane}")
            say(f"{answer.digest}, {len(handed_in.body)} bytes")
        if wait:
            await _await_receipts(client, answer, wait, quiet=quiet)
    return answer


async def _await_receipts(client: AxisClient, answer: Answer, wait: float, *, quiet: bool) -> None:
    """Until everything was said that there is to say, or the time is over. Acknowledges nothing."""
    async with aclosing(client.told(answer, within=wait)) as stream:
        async for receipt in stream:
            if receipt.facts is not None and not quiet:
                _print(receipt.facts)
    if answer.unheard:
        note(f"nothing yet about: {', '.join(sorted(answer.unheard))}")
    if answer.passed_over >= LOOKED_AT:
        note(
            f"{answer.passed_over} other receipts wait first: axisd inbox {client.agency} --receipts"
        )


def _sender(body: bytes) -> str:
    """The agency that the envelope is from; whoever hands in what cannot be read has to say it."""
    envelope = glimpsed(body, Limits())
    if envelope is None or not envelope.sender.organ_id:
        raise click.UsageError("no sender can be read in it: say with --agency whose it is")
    return envelope.sender.organ_id


def _print(facts: ReceiptFacts) -> None:
    about = ", ".join(f"{organ} {outcome}" for organ, outcome in facts.recipients)
    say(f"{facts.at}  {paint(facts.event, 'strong')}  {visible(about)}".rstrip())
    if facts.reason:
        say(f"  {paint(facts.reason, 'bad')}")
        say(f"  en  {visible(facts.reason_text.en)}")
        say(f"  vi  {visible(facts.reason_text.vi)}")
    for organ, code, text in facts.refusals:
        if code == facts.reason:  # said already
            continue
        say(f"  {visible(organ)}: {paint(code, 'bad')}")
        say(f"  en  {visible(text.en)}")
        say(f"  vi  {visible(text.vi)}")
    for code, place, line, text in facts.warnings:
        at = f" at {place}" + (f", line {line}" if line else "") if place else ""
        say(f"  {paint('warning', 'warn')} {code}{visible(at)}")
        say(f"  en  {visible(text.en)}")
        say(f"  vi  {visible(text.vi)}")


def _json(handed_in: _HandedIn, answer: Answer) -> dict[str, Any]:
    return {
        "agency": handed_in.agency,
        "lane": handed_in.lane,
        "digest": answer.digest,
        "bytes": len(handed_in.body),
        "complete": answer.complete,
        "receipts": [
            {
                "event": facts.event,
                "at": facts.at,
                "submission": facts.of("Submission", "id"),
                "document": facts.of("Document", "id") or None,
                "recipients": [
                    {"organ": organ, "outcome": outcome} for organ, outcome in facts.recipients
                ],
                "refusals": [
                    {"organ": organ, "code": code, "text": text._asdict()}
                    for organ, code, text in facts.refusals
                ],
                "reason": facts.reason or None,
                "text": facts.reason_text._asdict() if facts.reason else None,
                "warnings": [
                    {"code": code, "at": place or None, "text": text._asdict()}
                    for code, place, _, text in facts.warnings
                ],
            }
            for receipt in answer.receipts
            if (facts := receipt.facts) is not None
        ],
    }
