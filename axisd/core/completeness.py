"""Completeness of what is attached: manifest and attachments against each other, and each against itself.

QC Điều 8.1 asks for completeness to be checked before acceptance. Nothing found here is a cause to refuse,
but one that an axis may set: a document that carries no attachment at all (`policy.attachment_required`).
ContentIds are compared without `cid:`, names in one Unicode form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from axisd.core.envelope import Attachment, Business, Document, ManifestItem
from axisd.core.mediatype import contradicts
from axisd.core.places import ATTACHMENTS, MANIFEST, nth
from axisd.core.reasons import Refusal, refuse
from axisd.core.syntax import shown


def lacks_attachment(document: Document) -> bool:
    """Whether a document that brings content brings no file. A recall and new recipients bring none."""
    business = document.business
    if business.business is Business.RECALL:
        return False
    if business.business is Business.UPDATE and not business.content_changed:
        return False
    return not document.attachments


def incomplete(document: Document) -> Iterator[Refusal]:
    """Everything about the attachments that is worth a warning."""
    if lacks_attachment(document):
        yield refuse("attachment-none", at="/edXML")
    yield from _against_the_manifest(document)
    count = len(document.attachments)
    for index, attachment in enumerate(document.attachments):
        at = f"{ATTACHMENTS}/{nth('Attachment', index, count)}"
        yield from _against_itself(attachment, at)


def _against_the_manifest(document: Document) -> Iterator[Refusal]:
    attachments, listed = document.attachments, document.manifest
    unlisted = {item.content_id: (index, item) for index, item in enumerate(attachments)}
    for index, item in enumerate(listed):
        at = f"{MANIFEST}/{nth('Reference', index, len(listed))}"
        # Each attachment answers to one Reference: a second one with its ContentId wants a second file.
        _, attachment = unlisted.pop(item.content_id, (0, None))
        if attachment is None:
            name = shown(item.name or item.content_id)
            yield refuse("attachment-missing", at=at, line=item.line or None, name=name)
        elif _differ(attachment, item):
            yield refuse(
                "attachment-name-differs",
                at=f"{at}/AttachmentName",
                line=item.line or None,
                name=shown(attachment.name),
                listed=shown(item.name),
            )
    for index, attachment in unlisted.values():
        yield refuse(
            "attachment-unlisted",
            at=f"{ATTACHMENTS}/{nth('Attachment', index, len(attachments))}",
            line=attachment.line or None,
            name=shown(attachment.name),
        )


def _differ(attachment: Attachment, item: ManifestItem) -> bool:
    return bool(item.name) and _form(item.name) != _form(attachment.name)


def _form(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _against_itself(attachment: Attachment, at: str) -> Iterator[Refusal]:
    name, line = shown(attachment.name), attachment.line or None
    if not attachment.size:
        yield refuse("attachment-empty", at=at, line=line, name=name)
    elif contradicts(attachment.declared_type, attachment.sniffed_type):
        yield refuse(
            "attachment-type-differs",
            at=f"{at}/ContentType",
            line=line,
            name=name,
            declared=shown(attachment.declared_type),
            found=attachment.sniffed_type or "something else",
            found_vi=attachment.sniffed_type or "kiểu khác",
        )
