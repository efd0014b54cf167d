"""What `axisd envelope new` makes of an earlier document: a recall, an update, a replacement.

The forms are those of the field (spec/edxml.md): a recall goes under the DocumentId of what it recalls and to
those that are to give it back; an update has an id of its own and names the old one; a replacement lists what
it replaces, and for whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from axisd.cli.exits import BadInput
from axisd.core.codes import is_code
from axisd.core.envelope import Business, BusinessInfo, Document, Receiver, Replacement

KINDS: Final = (Business.RECALL, Business.UPDATE, Business.REPLACE)
_F = TypeVar("_F", bound=Callable[..., Any])


def business_options(command: _F) -> _F:
    """What such a document needs beside what every document has."""
    for option in (
        click.option(
            "--drop", multiple=True, metavar="CODE", help="Of an update: a recipient dropped by it."
        ),
        click.option(
            "--add", multiple=True, metavar="CODE", help="Of an update: a recipient added by it."
        ),
        click.option("--reason", default="", help="Why it recalls, updates or replaces."),
        click.option(
            "--business",
            type=click.Choice([kind.value for kind in KINDS]),
            help="Build this instead of a new document; --about says of what.",
        ),
    ):
        command = option(command)
    return command


def filled_in(told: Mapping[str, Any], earlier: Document | None) -> dict[str, Any]:
    """What was told, and where it was not, what the document `earlier` says that it is about.

    A recall takes everything from it, the recipients too; an update or a replacement its recipients and
    subject alone: number and date are its own.
    """
    filled = dict(told)
    if earlier is None:
        return filled
    filled["about_document"] = told["about_document"] or earlier.document_id
    taken = {
        "to": tuple(organ.organ_id for organ in earlier.recipients),
        "subject": earlier.subject,
    }
    if told["business"] == Business.RECALL:
        taken |= {"number": earlier.number, "notation": earlier.notation}
    filled |= {name: value for name, value in taken.items() if not told[name]}
    return filled


def business_of(told: Mapping[str, Any], organs: tuple[str, ...]) -> BusinessInfo:
    """The element `Bussiness` of a document to `organs`."""
    kind, about = Business(told["business"] or Business.NEW), told["about_document"]
    listed = (*(("1", code) for code in told["add"]), *(("0", code) for code in told["drop"]))
    if listed and kind is not Business.UPDATE:
        raise click.UsageError("--add and --drop are of an update")
    if kind is Business.NEW:
        if told["reason"]:
            raise click.UsageError("--reason is of a recall, an update or a replacement")
        return BusinessInfo()
    replaced = (Replacement(about, organs),) if kind is Business.REPLACE else ()
    return BusinessInfo(
        kind,
        document_id=about if kind is Business.UPDATE else "",
        reason=told["reason"],
        content_changed=kind is Business.UPDATE and not listed,
        recipients_changed=bool(listed),
        receivers=tuple(Receiver(_code(code), sort) for sort, code in listed),
        replacements=replaced,
    )


def _code(text: str) -> str:
    if not is_code(text):
        raise BadInput(
            f"{text!a} is not the code of an agency", mend="write it as in the directory"
        )
    return text
