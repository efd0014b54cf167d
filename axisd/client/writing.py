"""What an agency's system sends: documents and statuses, composed and signed, as bytes to be kept and submitted.

The bytes are what makes a repeat harmless: the same bytes again are the same submission, and a status composed
anew a second later is another one. So keep them before they are submitted, and submit them until it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path
from typing import Final, Self

from axisd.client.errors import EnvelopeError, refused
from axisd.core.compose import compose_document, compose_status
from axisd.core.envelope import (
    Document,
    Envelope,
    ManifestItem,
    Organization,
    ResponseFor,
    Staff,
    Status,
)
from axisd.core.reasons import Refusal
from axisd.core.signing import SigningKey, sign_envelope
from axisd.core.zone import VIETNAM

UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach. `content_type`: its media type, such as `application/pdf`."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = UNKNOWN_TYPE
    description: str = ""

    @classmethod
    def read(cls, path: str | Path, content_type: str = "") -> Self:
        """The file at `path`; its media type by its ending unless it is given. Raises OSError."""
        path = Path(path)
        guessed = content_type or guess_type(path.name)[0] or UNKNOWN_TYPE
        return cls(path.name, path.read_bytes(), guessed)


def compose(document: Document, files: Iterable[File], *, zipped: bool) -> bytes:
    """The unsigned envelope of `document` with `files`. Raises EnvelopeError for what XML cannot carry."""
    attached = [
        (ManifestItem(str(n), file.content_type, file.name, file.description), file.content)
        for n, file in enumerate(files, 1)
    ]
    try:
        return compose_document(document, attached, zipped=zipped)
    except ValueError as error:
        raise EnvelopeError(str(error)) from error


def compose_answer(
    about: Envelope, code: str, words: str, *, sender: Organization, staff: Staff, now: datetime
) -> bytes:
    """The unsigned status `code` of `sender` about what `about` is about. Raises EnvelopeError, as `compose` does."""
    if code == "02" and not words.strip():
        # QC Điều 5.1d, QĐ 28/2018 Điều 5.4; the axis refuses it too (`status-reason-missing`).
        raise EnvelopeError("status 02 says in its words why the document is refused")
    return _status(sender, answered(about), code, words, staff, now)


def compose_taking_back(
    document: Document,
    recipient: str,
    words: str,
    *,
    sender: Organization,
    staff: Staff,
    now: datetime,
) -> bytes:
    """The unsigned status 13 by which `sender` asks `recipient` for its own `document` (QC Điều 8.3)."""
    about = replace(answered(document), organ_id=recipient)
    return _status(sender, about, "13", words, staff, now)


def _status(
    sender: Organization, about: ResponseFor, code: str, words: str, staff: Staff, now: datetime
) -> bytes:
    timestamp = f"{now.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
    try:
        return compose_status(Status(sender, about, code, words, timestamp, staff))
    except ValueError as error:
        raise EnvelopeError(str(error)) from error


def answered(about: Envelope) -> ResponseFor:
    """What a status about `about` names: of a document itself; of another's status, the document that it names,
    under the code of who sent it (status 13 is answered so)."""
    if isinstance(about, Status):
        earlier = about.about
        return ResponseFor(
            about.sender.organ_id, earlier.code, earlier.document_id, earlier.promulgation_date
        )
    return ResponseFor(
        about.sender.organ_id,
        f"{about.number}/{about.notation}",
        about.document_id,
        about.promulgation_date,
    )


def signed(body: bytes, key: SigningKey | None) -> bytes:
    """`body` signed with `key`, or as it is without one. Raises EnvelopeError when it cannot be signed."""
    if key is None:
        return body
    found = sign_envelope(body, key)
    if isinstance(found, Refusal):
        raise refused(found)
    return found
