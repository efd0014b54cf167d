"""`axisd receipt`: what a receipt proves, checked offline with nothing but certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from axisd.adapters import keyring
from axisd.cli.exits import Exit
from axisd.cli.files import INPUT, handed_in, read_file
from axisd.cli.frame import AxisGroup, json_option
from axisd.cli.output import paint, say, say_json, visible
from axisd.core.receiptproof import ReceiptFacts, ReceiptVerdict, verify_receipt


@click.group(
    cls=AxisGroup,
    examples=[("receipt verify FILE --trust ca.pem", "whether it holds, and what it proves")],
)
def receipt() -> None:
    """Verify receipts, offline."""


@receipt.command(
    "verify",
    examples=[
        ("receipt verify FILE --trust ca.pem", "by the authority that certified the axis"),
        ("receipt verify FILE --trust axis.pem", "by the axis's own certificate"),
        ("receipt verify - --trust ca.pem --json < FILE", "from stdin, for machines"),
    ],
)
@click.argument("file", type=INPUT)
@click.option(
    "--trust",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="Certificates to trust: an authority's, or the axis's own. May be repeated.",
)
@json_option
def verify(file: Path, trust: tuple[Path, ...], as_json: bool) -> Exit:
    """Verify a receipt: form, schema, signature, signer; and say what it proves.

    Exit code 0 when it holds, 65 when it does not. A receipt outlives its certificate: that has to have
    been valid at the time that the receipt states.
    """
    with handed_in():
        trusted = [certificate for pem in trust for certificate in keyring.certificates(pem)]
    verdict = verify_receipt(read_file(file), trusted)
    if as_json:
        say_json(_json(verdict))
    else:
        _print(verdict)
    return Exit.DONE if verdict.valid else Exit.REFUSED


def _json(verdict: ReceiptVerdict) -> dict[str, Any]:
    return {
        "valid": verdict.valid,
        "fault": verdict.fault or None,
        "checks": [
            {"name": check.name, "passed": check.passed, "text": check.detail._asdict()}
            for check in verdict.checks
        ],
        "signer": verdict.signer or None,
        "certificate": f"sha256:{verdict.certificate}" if verdict.certificate else None,
        "algorithm": verdict.algorithm or None,
        "facts": _facts(verdict.facts) if verdict.facts else None,
        "proves": [sentence._asdict() for sentence in verdict.proves],
    }


def _facts(facts: ReceiptFacts) -> dict[str, Any]:
    return {
        "event": facts.event,
        "evidence": facts.evidence_id,
        "at": facts.at,
        "legal_at": facts.legal_at or None,
        "issuer": facts.issuer,
        "issuer_name": facts.issuer_name,
        "submission": facts.of("Submission", "id"),
        "digest": facts.of("Submission", "digest"),
        "legal_value": facts.of("Submission", "legalValue"),
        "document": facts.of("Document", "id") or None,
        "sender": facts.of("Sender", "organ") or None,
        "recipients": [{"organ": organ, "outcome": outcome} for organ, outcome in facts.recipients],
        "reason": {"code": facts.reason, "text": facts.reason_text._asdict()}
        if facts.reason
        else None,
        "warnings": [
            {
                "code": code,
                "at": at or None,
                "line": int(line) if line else None,
                "text": words._asdict(),
            }
            for code, at, line, words in facts.warnings
        ],
        "position": int(facts.of("Ledger", "position") or 0),
        "previous": facts.of("Ledger", "previousHash"),
    }


def _print(verdict: ReceiptVerdict) -> None:
    for check in verdict.checks:
        outcome = paint("holds", "good") if check.passed else paint("fails", "bad")
        say(f"{check.name:<12} {outcome}")
        if not check.passed:
            say(f"  en  {visible(check.detail.en)}")
            say(f"  vi  {visible(check.detail.vi)}")
    say()
    if verdict.facts is None:
        say(f"{paint('does not hold', 'bad')}: {verdict.fault}; nothing in it is proven")
        return
    say(f"{paint('holds', 'good')}: {verdict.facts.event}, {verdict.facts.at}")
    say(f"{paint('sealed by', 'dim')} {visible(verdict.signer)}")
    say(f"{paint('with', 'dim')} {verdict.algorithm}, certificate sha256:{verdict.certificate}")
    for language in ("en", "vi"):
        say()
        for sentence in verdict.proves:
            say(f"{paint(language, 'dim')}  {visible(getattr(sentence, language))}")
