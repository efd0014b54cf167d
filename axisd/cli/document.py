"""`axisd document`: what happened to a document, as the ledger has it.

Reads beside the running daemon, changes nothing, and shows neither subject nor content.
"""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509

from axisd.adapters.ledger import open_reader
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisGroup, config_option, json_option
from axisd.cli.loop import finish
from axisd.cli.output import Role, paint, say, say_json, visible
from axisd.cli.overdue import overdue
from axisd.cli.timeline import Values, values_of
from axisd.cli.unmatched import unmatched
from axisd.config.load import load
from axisd.config.model import Settings
from axisd.core.timeline import Timeline


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


document.add_command(overdue)
document.add_command(unmatched)


@document.command(
    "trace",
    examples=[
        ("document trace '000.00.11.H53,2026/01/05,7/STC-VP'", "by its DocumentId"),
        ("document trace 019c0a3e-…", "by a submission id, or a delivery's (message_id)"),
        ("document trace ID --json", "for machines"),
    ],
)
@click.argument("identifier", metavar="ID")
@config_option
@json_option
def trace(identifier: str, config: Path, as_json: bool) -> None:
    """Show the timeline of one document: submissions, recipients, events, receipts.

    ID is a DocumentId, a submission id or a delivery id. Several agencies may use one DocumentId; all of
    them are shown, and so are the statuses about it. Every receipt is verified by the axis's own
    certificate and the configured authorities. What happened outside office hours shows the time that it
    counts for in law beside its own (QC Điều 10.2).
    """
    settings = load(config)
    timeline = finish(_timeline(settings.ledger.folder, identifier))
    if not timeline.submissions:
        raise BadInput(
            f"the ledger knows nothing of {identifier}",
            mend="give a DocumentId, a submission id, or a delivery id as it is written",
        )
    values = values_of(timeline, _trust(settings))
    if as_json:
        say_json({"id": identifier, "submissions": values})
        return
    for submission in values:
        _print_submission(submission)


async def _timeline(folder: Path, identifier: str) -> Timeline:
    reader = await open_reader(folder)
    try:
        return await reader.timeline(identifier)
    finally:
        await reader.close()


def _trust(settings: Settings) -> list[x509.Certificate]:
    files = (settings.receipts.certificate, *settings.trust.authorities)
    return [certificate for file in files for certificate in file.certificates]


_STATES: dict[str, Role] = {
    "accepted": "good",
    "duplicate": "warn",
    "refused": "bad",
    "quarantined": "bad",
    "sent": "good",
    "handed-over": "good",
    "deferred": "warn",
    "held": "warn",
    "rejected": "bad",
    "expired": "bad",
    "withdrawn": "warn",
    "recalled": "warn",
}


def _print_submission(one: Values) -> None:
    kind = " ".join(filter(None, (one["kind"], one["business"], one["status"]))) or "unread"
    say(f"{paint('submission', 'strong')} {one['id']}  {_state(one['state'])}")
    code = f"{one['number']}/{one['notation']} of {one['date']}" if one["number"] else ""
    _fact("what", f"{kind} {one['document_id'] or ''} {code}")
    account = f", account {one['account']}" if one["account"] else ""
    _fact("from", f"{one['from'] or 'unknown'} ({one['door']}{account}, {one['lane']})")
    _fact("bytes", f"{one['bytes']} {one['digest']}")
    _fact("value", f"{one['legal_value']}, signature {one['signature']}")
    if one["duplicate_of"]:
        _fact("same as", one["duplicate_of"])
    if one["external"]:
        _fact("national", one["external"])
    for event in one["events"]:
        _print_event(event, "  ", outcomes=True)
    for recipient in one["recipients"]:
        _print_recipient(recipient)
    say()


def _print_recipient(one: Values) -> None:
    status = f", status {one['status']}" if one["status"] else ""
    also = [code for code in one["addressed"] if code != one["organ"]]
    addressed = f", addressed as {', '.join(also)}" if also else ""
    say(
        f"  {paint('recipient', 'strong')} {visible(one['organ'])}  {_state(one['state'])}{status}"
        f"  ({one['route']} {visible(one['inbox'])}{visible(addressed)})"
    )
    if one["state"] in {"queued", "deferred", "held"}:
        _fact("  reason", f"{one['reason'] or 'on its way'}, until {one['expires']}")
    for event in one["events"]:
        _print_event(event, "    ", outcomes=False)


def _print_event(event: Values, margin: str, *, outcomes: bool) -> None:
    number = f", number {event['external']}" if event["external"] else ""
    line = f"{margin}{event['time']}  {event['event']}{visible(number)}"
    receipt = event["receipt"]
    if receipt:
        holds = paint("holds", "good") if receipt["holds"] else paint(receipt["fault"], "bad")
        line += f"  receipt to {visible(receipt['to'])}: {holds}"
    if event["legal_time"] not in {None, event["time"]}:
        line += f"  in law {visible(event['legal_time'])}"
    say(line)
    _print_reason(event["reason"], margin)
    for code in event["warnings"]:
        say(f"{margin}  {paint('warning', 'warn')} {visible(code)}")
    for outcome in event["recipients"] if outcomes else ():
        if outcome["reason"]:
            say(f"{margin}  {visible(outcome['organ'])}: {outcome['outcome']}")
            _print_reason(outcome["reason"], f"{margin}  ")


def _print_reason(reason: Values | None, margin: str) -> None:
    if reason is None:
        return
    place = f" at {reason['at']}, line {reason['line']}" if reason["at"] else ""
    say(f"{margin}  {paint(reason['code'], 'bad')}{visible(place)}")
    for language, text in (reason["text"] or {}).items():
        say(f"{margin}  {language}  {visible(text)}")


def _fact(name: str, value: str) -> None:
    say(f"  {paint(f'{name:<9}', 'dim')} {visible(' '.join(value.split()))}")


def _state(state: str) -> str:
    role = _STATES.get(state)
    return paint(state, role) if role else state
