"""Lengths that the law sets (NĐ 30/2020/NĐ-CP phụ lục VI), where longer values are accepted with a warning.

The schema bounds what can be handled; the law is stricter, and real documents are not always: a subject of
600 characters is no reason to stop a document. Characters are counted as people count them, in Unicode's
composed form, so that decomposed Vietnamese is not twice as long. An agency's code is not here: longer than
35 characters it is refused by the schema.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from axisd.core.envelope import (
    Attachment,
    Document,
    Envelope,
    ManifestItem,
    Organization,
    Status,
)
from axisd.core.places import ATTACHMENTS, MANIFEST, MESSAGE, nth
from axisd.core.reasons import Refusal, refuse

LIMITS: Final = {
    "CodeNumber": 11,
    "CodeNotation": 30,
    "TypeName": 100,
    "OrganName": 200,
    "Subject": 500,
    "Position": 100,
    "FullName": 50,
    "PageAmount": 3,
    "ToPlaces": 1000,
    "Description": 500,
}
"""NĐ 30/2020/NĐ-CP phụ lục VI: characters at most, by the name of the element."""


class _Value(NamedTuple):
    at: str
    line: int | None
    text: str


def too_long(envelope: Envelope) -> Iterator[Refusal]:
    """A warning for each value of `envelope` that is longer than the law allows."""
    values = _of_document(envelope) if isinstance(envelope, Document) else _of_status(envelope)
    for at, line, text in values:
        name = at.rpartition("/")[2]
        limit = LIMITS[name]
        # Composing shortens: what is short enough as it is need not be composed.
        if len(text) > limit and (length := len(unicodedata.normalize("NFC", text))) > limit:
            yield refuse(
                "length-exceeded",
                at=at,
                line=line or None,
                field=name,
                length=str(length),
                limit=str(limit),
            )


def _of_document(document: Document) -> Iterator[_Value]:
    lines = document.lines or {}
    yield from _organs([document.sender], "From")
    yield from _organs(document.recipients, "To")
    for name, field, text in (
        ("Code/CodeNumber", "number", document.number),
        ("Code/CodeNotation", "notation", document.notation),
        ("DocumentType/TypeName", "type_name", document.type_name),
        ("Subject", "subject", document.subject),
        ("SignerInfo/Position", "signer_position", document.signer_position),
        ("SignerInfo/FullName", "signer_name", document.signer_name),
        ("OtherInfo/PageAmount", "page_amount", document.other.page_amount),
        ("ToPlaces", "to_places", "".join(document.to_places)),
    ):
        yield _Value(f"{MESSAGE}/{name}", lines.get(field), text)
    yield from _descriptions(document)


def _organs(organs: Sequence[Organization], name: str) -> Iterator[_Value]:
    for index, organ in enumerate(organs):
        step = nth(name, index, len(organs))
        yield _Value(f"{MESSAGE}/{step}/OrganName", organ.name_line, organ.name)


def _descriptions(document: Document) -> Iterator[_Value]:
    yield from _described(f"{MANIFEST}/Reference", document.manifest)
    yield from _described(f"{ATTACHMENTS}/Attachment", document.attachments)


def _described(place: str, items: Sequence[ManifestItem | Attachment]) -> Iterator[_Value]:
    for index, item in enumerate(items):
        at = f"{nth(place, index, len(items))}/Description"
        yield _Value(at, item.line, item.description)


def _of_status(status: Status) -> Iterator[_Value]:
    yield from _organs([status.sender], "From")
    line = (status.lines or {}).get("description")
    yield _Value(f"{MESSAGE}/Description", line, status.description)
