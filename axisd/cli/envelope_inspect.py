"""`axisd envelope inspect`: the daemon's own inspection of a file, offline.

Everything is as at the door, but that nobody vouches for an account: the step `account` is only noted,
and nothing is compared with it. What the ledger knows (duplicates, a DocumentId used before) is not asked.
Agencies of this axis hand in themselves; what is from any other agency can only come in over the national
axis, and is inspected as that would be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.exits import Exit
from axisd.cli.files import INPUT, read_file
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.offline import glimpsed, offline_view
from axisd.cli.output import paint, say, say_json, say_table, visible
from axisd.core.directory import Profile
from axisd.core.envelope import Attachment, Document, Status
from axisd.core.inspect import inspect
from axisd.core.inspection import Inspection, Outcome, Verdict
from axisd.core.reasons import Refusal
from axisd.core.rules import recipient_codes
from axisd.core.schema import Schemas
from axisd.core.submission import Door, Submission
from axisd.core.view import View


@click.command(
    "inspect",
    cls=AxisCommand,
    examples=[
        ("envelope inspect FILE", "every step with its outcome"),
        ("envelope inspect FILE --profile recorded", "a wrong signature is noted, not refused"),
        ("envelope inspect - --json < FILE", "from stdin, for machines"),
    ],
)
@click.argument("file", type=INPUT)
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    help="What is asked of the signature, instead of what the directory says of the sender.",
)
@click.option(
    "--door",
    type=click.Choice([Door.AMQP.value, Door.NATIONAL.value]),
    help="Where it would come in. [default: amqp for agencies of this axis, national for others]",
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PEM",
    help="Certificates of authorities to trust besides the configured ones.",
)
@config_option
@json_option
def inspect_(
    file: Path,
    profile: str | None,
    door: str | None,
    trust: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> Exit:
    """Inspect an envelope as the axis would, offline.

    Exit code 0 when it would be accepted, 65 when it would be refused. Without a configuration on this
    machine, the agencies that ship with axisd are taken, and only what --trust names is trusted.
    """
    clock = SystemClock()
    body, view = read_file(file), offline_view(config, trust)
    submission = Submission(
        id=clock.new_id(),
        door=Door(door) if door else _door(body, view),
        body=body,
        received_at=clock.now(),
    )
    found = inspect(
        submission,
        view,
        Schemas(),
        profile=Profile(profile) if profile else None,
        offline=True,
    )
    if as_json:
        say_json(_json(found))
    else:
        _print(found)
    return Exit.DONE if found.verdict is Verdict.ACCEPTED else Exit.REFUSED


def _door(body: bytes, view: View) -> Door:
    """Where an envelope of this sender comes in; the agencies' own door if nobody can tell."""
    envelope = glimpsed(body, view.limits)
    if envelope is None or view.axis.is_local(envelope.sender.organ_id):
        return Door.AMQP
    return Door.AMQP if view.directory.system_of(envelope.sender.organ_id) else Door.NATIONAL


def _json(found: Inspection) -> dict[str, Any]:
    """The object of the contract."""
    envelope = found.envelope
    facts: dict[str, Any] = {
        "verdict": found.verdict,
        "reason": _reason(found.refusal) if found.refusal else None,
        "kind": envelope.kind if envelope else None,
        "business": envelope.business.business if isinstance(envelope, Document) else None,
        "from": envelope.sender.organ_id if envelope else None,
        "to": list(recipient_codes(envelope)) if envelope else [],
        "document_id": envelope.document_id if envelope else None,
        "digest": found.digest,
        "legal_value": found.legal_value,
        "signature": {
            "state": found.signature.state,
            "signer": found.signature.signer,
            "algorithm": found.signature.algorithm,
        },
        "attachments": [_attachment(attachment) for attachment in found.attachments],
        "warnings": [_reason(warning) for warning in found.warnings],
        "steps": [
            {"name": step.name, "outcome": step.outcome, "detail": step.detail}
            for step in found.steps
        ],
    }
    if isinstance(envelope, Status):
        facts["status"] = {
            "code": envelope.code,
            "of": envelope.about.document_id,
            "to": envelope.about.organ_id,
        }
    return facts


def _reason(refusal: Refusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "fault": refusal.reason.fault,
        "retryable": refusal.reason.retryable,
        "at": refusal.at,
        "line": refusal.line,
        "text": {"en": refusal.text("en"), "vi": refusal.text("vi")},
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "content_id": attachment.content_id,
        "name": attachment.name,
        "declared_type": attachment.declared_type,
        "sniffed_type": attachment.sniffed_type,
        "bytes": attachment.size,
        "digest": attachment.digest,
    }


_ROLES: dict[Outcome, Any] = {
    Outcome.PASSED: "good",
    Outcome.NOTED: "warn",
    Outcome.REFUSED: "bad",
    Outcome.SKIPPED: "dim",
}


def _print(found: Inspection) -> None:
    say_table(
        ("", "STEP", "OUTCOME", "DETAIL"),
        [
            (str(number), step.name, step.outcome, step.detail)
            for number, step in enumerate(found.steps, 1)
        ],
        roles=[_ROLES[step.outcome] for step in found.steps],
    )
    say()
    for name, value in _facts(found):
        if value:
            say(f"{paint(f'{name:<12}', 'dim')} {visible(value)}")
    for item in found.attachments:
        types = item.declared_type or "no type"
        if item.sniffed_type and item.sniffed_type != item.declared_type:
            types += f" (its bytes: {item.sniffed_type})"
        say(
            f"{paint('attachment  ', 'dim')} {visible(item.name)}, {visible(types)}, {item.size} bytes"
        )
    say()
    for warning in found.warnings:
        say(f"{paint('warning', 'warn')}: {warning.code}")
        _print_words(warning)
    if found.refusal is None:
        say(f"{paint('accepted', 'good')}, with the value of: {found.legal_value}")
    else:
        _print_refusal(found.refusal)


def _facts(found: Inspection) -> list[tuple[str, str]]:
    envelope = found.envelope
    signature = found.signature
    facts = [("digest", f"{found.digest} ({len(found.submission.body)} bytes)")]
    door = found.submission.door
    if envelope is None:
        return facts
    kind: str = envelope.kind
    if isinstance(envelope, Document):
        kind = f"{envelope.kind}, {envelope.business.business}"
        code = f" ({envelope.number}/{envelope.notation})"
    else:
        kind, code = f"{envelope.kind} {envelope.code}", ""
    return [
        ("door", f"{door}{': not an agency of this axis' if door is Door.NATIONAL else ''}"),
        ("kind", kind),
        ("from", envelope.sender.organ_id),
        ("to", ", ".join(recipient_codes(envelope))),
        ("about" if isinstance(envelope, Status) else "document", envelope.document_id + code),
        *facts,
        ("signature", f"{signature.state} {signature.signer}".strip()),
        ("algorithm", signature.algorithm),
    ]


def _print_refusal(refusal: Refusal) -> None:
    reason = refusal.reason
    again = "may be sent again as it is" if reason.retryable else "sending it again is of no use"
    say(f"{paint('refused', 'bad')}: {refusal.code} (the {reason.fault}'s turn; {again})")
    _print_words(refusal)


def _print_words(refusal: Refusal) -> None:
    if refusal.at or refusal.line:
        line = f", line {refusal.line}" if refusal.line else ""
        say(f"  at  {visible(refusal.at or 'the envelope')}{line}")
    say(f"  en  {visible(refusal.text('en'))}")
    say(f"  vi  {visible(refusal.text('vi'))}")
