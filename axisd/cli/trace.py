"""`axisd document trace`: everything about one document, for the terminal, for machines, and as a page.

Reads beside the running daemon, changes nothing, and shows neither subject nor content.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import LedgerReader
from axisd.cli.exits import BadInput
from axisd.cli.files import OUTPUT, write_file
from axisd.cli.frame import AxisCommand, config_option, json_option
from axisd.cli.language import LANGUAGES, language_option
from axisd.cli.loop import finish
from axisd.cli.output import note, say_json, say_table
from axisd.cli.reading import ledger_at
from axisd.cli.tracetext import say_trace
from axisd.config.directory import read_sources
from axisd.config.load import load
from axisd.config.model import Settings
from axisd.core.receiptproof import ReceiptVerifier
from axisd.core.records import SubmissionRecord
from axisd.core.timeline import Timeline
from axisd.core.trace import Trace, traced
from axisd.core.zone import wire_time
from axisd.errors import Problem
from axisd.web.trace import trace_page
from axisd.web.tracevalues import matched_values, values_of


@click.command(
    "trace",
    cls=AxisCommand,
    examples=[
        ("document trace '000.00.11.H53,2026/01/05,7/STC-VP'", "by its DocumentId"),
        ("document trace 019c0a3e-…", "by a submission id, or a delivery's (message_id)"),
        ("document trace --number 7 --notation STC-VP --year 2026", "by what stands on the paper"),
        ("document trace ID --html trace.html", "a page to print, in Vietnamese and English"),
        ("document trace ID --json", "for machines"),
    ],
)
@click.argument("identifier", metavar="[ID]", required=False)
@click.option("--number", metavar="NUMBER", help="The document's number, instead of an ID.")
@click.option("--notation", metavar="NOTATION", help="The notation after the number.")
@click.option("--organ", metavar="CODE", default="", help="The organ that issued it.")
@click.option("--year", metavar="YYYY", default="", help="The year of its date.")
@click.option("--html", "html", type=OUTPUT, metavar="FILE", help="Write a page; - is stdout.")
@language_option("Of the page, and of the words on the terminal.", default="both")
@click.option("--no-verify", is_flag=True, help="Do not verify the receipts.")
@config_option
@json_option
def trace(
    identifier: str | None,
    number: str | None,
    notation: str | None,
    organ: str,
    year: str,
    html: Path | None,
    language: str,
    no_verify: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Show everything about one document: submissions, recipients, events in order, receipts.

    ID is a DocumentId, a submission id or a delivery id. Several agencies may use one DocumentId; all of
    them are shown, and so are the statuses about it. Numbers restart each year and are each organ's own: where
    several documents have the number, they are listed. Every receipt is verified by the axis's own
    certificate and the configured authorities. What happened outside office hours shows the time that it
    counts for in law beside its own (QC Điều 10.2).
    """
    _require_one_way(identifier, number, notation, organ, year)
    if html is not None and as_json:
        raise click.UsageError("give --html or --json, not both")
    settings = load(config)
    folder = settings.ledger.folder
    if identifier is None:
        assert number is not None and notation is not None, "they were required"  # noqa: PT018 - one fact
        found = finish(_numbered(folder, number, notation, organ, year))
        if len(found) > 1:
            _list(found, as_json=as_json, paged=html is not None)
            return
        if not found:
            raise BadInput(f"the ledger knows no document {number}/{notation} like this")
        identifier = found[0].facts.submission_id
    trace = _traced(settings, identifier, verify=not no_verify)
    if as_json:
        say_json(values_of(trace, identifier))
    elif html is not None:
        page = trace_page(trace, _title(trace, identifier), _names(settings), LANGUAGES[language])
        write_file(html, page.encode())
    else:
        say_trace(trace, LANGUAGES[language])


def _require_one_way(
    identifier: str | None, number: str | None, notation: str | None, organ: str, year: str
) -> None:
    if identifier is not None:
        if number is not None or notation is not None or organ or year:
            raise click.UsageError("give an ID, or --number and --notation, not both")
    elif number is None or notation is None:
        raise click.UsageError("give an ID, or --number and --notation")


def _traced(settings: Settings, identifier: str, *, verify: bool) -> Trace:
    timeline = finish(_timeline(settings.ledger.folder, identifier))
    if not timeline.submissions:
        raise BadInput(
            f"the ledger knows nothing of {identifier}",
            mend="give a DocumentId, a submission id, or a delivery id as it is written",
        )
    files = (settings.receipts.certificate, *settings.trust.authorities)
    trust = [certificate for file in files for certificate in file.certificates]
    prove = ReceiptVerifier(trust).verify if verify else None
    return traced(timeline, SystemClock().now(), prove)


async def _timeline(folder: Path, identifier: str) -> Timeline:
    async with ledger_at(folder) as reader:
        return await reader.timeline(identifier)


async def _numbered(
    folder: Path, number: str, notation: str, organ: str, year: str
) -> list[SubmissionRecord]:
    async with ledger_at(folder) as reader:
        return await _first_of_each(reader, number, notation, organ, year)


async def _first_of_each(
    reader: LedgerReader, number: str, notation: str, organ: str, year: str
) -> list[SubmissionRecord]:
    """One submission for each document: repeats, updates and recalls go under the number as well."""
    found: dict[tuple[str, str], SubmissionRecord] = {}
    for record in await reader.numbered(number, notation, organ, year):
        found.setdefault((record.facts.sender, record.facts.document_id), record)
    return list(found.values())


def _list(found: Sequence[SubmissionRecord], *, as_json: bool, paged: bool) -> None:
    """Several documents have the number: which of them is for whoever asks to say."""
    if paged:
        raise BadInput(
            f"{len(found)} documents have this number", mend="name one by --organ, --year or its ID"
        )
    if as_json:
        say_json({"matches": matched_values(found)})
        return
    say_table(
        ("FROM", "NUMBER", "DATE", "RECEIVED", "STATE", "DOCUMENT"),
        [
            (
                one.facts.sender,
                f"{one.number}/{one.notation}",
                one.promulgation_date,
                wire_time(one.facts.received_at, unit="seconds"),
                one.state,
                one.facts.document_id,
            )
            for one in found
        ],
    )
    note("several documents have this number; trace one by --organ, --year or its DOCUMENT")


def _title(trace: Trace, identifier: str) -> str:
    """What people call the document: its number, else whatever it was asked for by."""
    for part in trace.documents:
        if part.record.number:
            return f"{part.record.number}/{part.record.notation}"
    return identifier


def _names(settings: Settings) -> dict[str, str]:
    """Today's names of the agencies; a directory that cannot be read is no cause to show nothing."""
    problems: list[Problem] = []
    sources = read_sources(settings.directory, problems)
    if problems:
        note("the directory has problems; the page may lack names of agencies", "warn")
    return {row.agency.code: row.agency.name for row in sources.rows}
