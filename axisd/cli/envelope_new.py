"""`axisd envelope new`: builds a valid envelope, unsigned, from options and files.

For trying an axis out and for systems that have nothing better. What it builds has passed the reader, the
schema before anybody sees it, its codes can be codes, and a refusal says why; signing it is another command.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.envelope_business import business_of, business_options, filled_in
from axisd.cli.exits import BadInput
from axisd.cli.files import DASH, INPUT, OUTPUT, read_file, write_file
from axisd.cli.frame import AxisCommand
from axisd.cli.output import note
from axisd.core import edxml, xmlsafe
from axisd.core.codes import is_code
from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    STATUS_CODES,
    Business,
    Document,
    Envelope,
    ManifestItem,
    Organization,
    OtherInfo,
    ResponseFor,
    Staff,
    Status,
    Trace,
)
from axisd.core.reasons import Refusal
from axisd.core.schema import Schemas
from axisd.core.statuses import ASKS_BACK
from axisd.core.view import Limits
from axisd.core.zone import VIETNAM

_DAY: Final = click.DateTime(["%Y/%m/%d"])


@click.command(
    "new",
    cls=AxisCommand,
    examples=[
        (
            "envelope new --from CODE --to CODE --number 7 --notation STC-VP --subject 'V/v …'",
            "a document, on stdout",
        ),
        (
            "envelope new … --to CODE=NAME --to CODE --attach a.pdf --attach b.pdf --out FILE",
            "for two recipients, with two files",
        ),
        (
            "envelope new --from CODE --status 03 --about received.edxml",
            "a status: that document was taken into the register",
        ),
        (
            "envelope new --from CODE --business recall --about sent.edxml --reason '…'",
            "take a document back from all that it went to; also update and replace",
        ),
    ],
)
@click.option(
    "--from", "sender", required=True, metavar="CODE[=NAME]", help="The agency that sends."
)
@click.option(
    "--to", "to", multiple=True, metavar="CODE[=NAME]", help="A recipient; may be repeated."
)
@click.option("--number", default="", help="Number of the document.")
@click.option("--notation", default="", help="Its notation, such as QĐ-UBND.")
@click.option("--subject", default="", help="What it is about (trích yếu).")
@click.option("--type-name", default="Công văn", show_default=True, help="Kind of document.")
@click.option("--place", default="Tây Ninh", show_default=True, help="Where it was promulgated.")
@click.option("--date", type=_DAY, metavar="YYYY/MM/DD", help="When it was. [default: today]")
@click.option("--document-id", default="", help="[default: CODE,YYYY/MM/DD,number/notation]")
@click.option(
    "--priority",
    type=click.Choice(["0", "1", "2", "3", "4"]),
    default="0",
    show_default=True,
    help="0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ.",
)
@click.option("--attach", type=INPUT, multiple=True, help="A file to attach; may be repeated.")
@click.option("--zip", "zipped", is_flag=True, help="Wrap each file in a zip, as most products do.")
@business_options
@click.option("--status", type=click.Choice(STATUS_CODES), help="Build this status instead.")
@click.option("--about", type=INPUT, help="The envelope that the status or the business is about.")
@click.option(
    "--about-organ",
    default="",
    metavar="CODE",
    help="Or: the agency that sent it (13: was sent it),",
)
@click.option("--about-document", default="", metavar="ID", help="its DocumentId,")
@click.option("--about-code", default="", metavar="NUMBER/NOTATION", help="its number,")
@click.option("--about-date", default="", metavar="YYYY/MM/DD", help="and its date.")
@click.option(
    "--description", default="", help="What the status says; a refusal (02) must say why."
)
@click.option("--staff", default="", metavar="NAME", help="Who reports the status.")
@click.option(
    "--out", type=OUTPUT, default=DASH, show_default=True, help="Where the envelope goes."
)
def new(sender: str, status: str | None, attach: tuple[Path, ...], out: Path, **told: Any) -> None:
    """Build an envelope: a new document, with --status what became of one, with --business what changes one.

    It is checked against the schema before it is written, and it is not signed. Whether its agencies are in
    a directory is not asked.
    """
    moment = SystemClock().now().astimezone(VIETNAM)
    try:
        if status:
            if told["to"]:
                raise click.UsageError("a status goes to whoever sent the document: leave --to out")
            if told["business"]:
                raise click.UsageError("give --status or --business, not both")
            _expect(told, "about_organ", "about_document", unless="about")
            body = compose_status(_status(sender, status, told, moment))
        else:
            if told["business"]:
                _expect(told, "about_document", unless="about")
                told = filled_in(told, _document_in(told["about"]))
            _expect(told, "to", "number", "notation", "subject")
            document = _document(sender, told, moment)
            body = compose_document(document, _files(attach), zipped=told["zipped"])
    except ValueError as error:
        raise BadInput(str(error), mend="leave the character out") from error
    envelope = _read(body, "what would be built")
    write_file(out, body)
    note(f"{envelope.kind} {envelope.document_id}: {len(body)} bytes, not signed")
    if str(out) != DASH:
        note(f"next: axisd envelope sign {out} --key KEY --certificate PEM --out OUT")


def _expect(told: Mapping[str, Any], *names: str, unless: str = "") -> None:
    if unless and told[unless]:
        return
    missing = [f"--{name.replace('_', '-')}" for name in names if not told[name]]
    if missing:
        instead = f"--{unless} FILE, or " if unless else ""
        raise click.UsageError(f"give {instead}{' and '.join(missing)}")


def _document(sender: str, told: Mapping[str, Any], moment: datetime) -> Document:
    organ = _organization(sender)
    date = (told["date"] or moment).strftime("%Y/%m/%d")
    number, notation = told["number"], told["notation"]
    recipients = tuple(map(_organization, told["to"]))
    business = business_of(told, tuple(recipient.organ_id for recipient in recipients))
    recalled = told["about_document"] if business.business is Business.RECALL else ""
    return Document(
        sender=organ,
        recipients=recipients,
        # The law's form: organ, year, running number in the year (spec: Values).
        document_id=told["document_id"]
        or recalled
        or f"{organ.organ_id},{date},{number}/{notation}",
        number=number,
        notation=notation,
        place=told["place"],
        promulgation_date=date,
        document_type="1",
        type_detail="",
        type_name=told["type_name"],
        subject=told["subject"],
        business=business,
        other=OtherInfo(priority=told["priority"]),
        traces=(Trace(organ.organ_id, moment.strftime("%Y/%m/%d %H:%M:%S")),),
    )


def _organization(text: str) -> Organization:
    code, _, name = text.partition("=")
    return Organization(_code(code), name=name)


def _code(text: str) -> str:
    if not is_code(text):
        mend = "letters, digits and dots, such as 000.00.11.H53; a name follows after ="
        raise BadInput(f"{text!a} is not the code of an agency", mend=mend)
    return text


def _files(paths: tuple[Path, ...]) -> list[tuple[ManifestItem, bytes]]:
    files = []
    for number, path in enumerate(paths, 1):
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        files.append((ManifestItem(str(number), kind, path.name), read_file(path)))
    return files


def _status(sender: str, code: str, told: Mapping[str, Any], moment: datetime) -> Status:
    if code == "02" and not any(map(str.isalnum, told["description"])):
        raise click.UsageError("a refusal says why (QC Điều 5.1d): give --description")
    staff = Staff(name=told["staff"]) if told["staff"] else None
    return Status(
        sender=_organization(sender),
        about=_asked(told) if code == ASKS_BACK else _about(told),
        code=code,
        description=told["description"],
        timestamp=moment.strftime("%Y/%m/%d %H:%M:%S"),
        staff=staff,
    )


def _about(told: Mapping[str, Any]) -> ResponseFor:
    if not told["about"]:
        organ, document = _code(told["about_organ"]), told["about_document"]
        return ResponseFor(organ, told["about_code"], document, told["about_date"])
    document = _document_in(told["about"])
    assert document is not None, "a file was given"
    return ResponseFor(
        document.sender.organ_id,
        f"{document.number}/{document.notation}",
        document.document_id,
        document.promulgation_date,
    )


def _asked(told: Mapping[str, Any]) -> ResponseFor:
    """13 goes the other way: from the document's sender to a recipient of it."""
    document, organ = _document_in(told["about"]), told["about_organ"]
    if document is not None and not organ:
        recipients = [recipient.organ_id for recipient in document.recipients]
        if len(recipients) != 1:
            raise click.UsageError("13 asks one recipient: say which with --about-organ")
        (organ,) = recipients
    return replace(_about(told), organ_id=_code(organ))


def _document_in(file: Path | None) -> Document | None:
    """The document in `file`; None without one. Raises BadInput for what is none."""
    if file is None:
        return None
    document = _read(read_file(file), str(file))
    if not isinstance(document, Document):
        raise BadInput("it is a status; give the document", where=str(file))
    return document


def _read(body: bytes, what: str) -> Envelope:
    """The envelope in `body`, schema and all. Raises BadInput when the axis would not read it."""
    parsed = xmlsafe.parse(body, Limits())
    if isinstance(parsed, Refusal):
        raise _refused(parsed, what)
    kind = edxml.recognise(parsed.root)
    if isinstance(kind, Refusal):
        raise _refused(kind, what)
    invalid = Schemas().validate(parsed.root, kind)
    envelope = invalid if invalid is not None else edxml.read(parsed.root, kind)
    if isinstance(envelope, Refusal):
        raise _refused(envelope, what)
    return envelope


def _refused(refusal: Refusal, what: str) -> BadInput:
    where = [what, refusal.at or "", f"line {refusal.line}" if refusal.line else ""]
    return BadInput(f"{refusal.code}: {refusal.text('en')}", where=", ".join(filter(None, where)))
