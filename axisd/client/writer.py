"""One agency's pen: new documents and statuses about others', composed and signed as `axisd.client.writing` says.

Needs no connection; `AxisClient` is one with a connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from axisd.adapters.clock import SystemClock
from axisd.client.message import Message
from axisd.client.writing import File, compose, compose_answer, compose_taking_back, signed
from axisd.core.envelope import Document, Envelope, Organization, Staff
from axisd.core.signing import SigningKey
from axisd.core.zone import VIETNAM

_CLERK: Final = Staff(department="Văn thư", name="Văn thư")


class Writer:
    """Composes for `agency`. `key` signs; without one nothing is signed. `name`: what the agency is called."""

    def __init__(self, agency: str, *, key: SigningKey | None = None, name: str = "") -> None:
        self.agency = agency
        self.organization = Organization(agency, name=name)
        self._key = key
        self._clock = SystemClock()

    def letter(
        self, recipients: Iterable[str] | str, number: str, subject: str, **fields: Any
    ) -> Document:
        """A new document of this agency, of today. `number`: number and notation, such as `15/STC-VP`.

        `recipients`: codes, or one code. `subject`: the trích yếu. `fields`: any other field of Document, instead of what stands here.
        """
        today = f"{self._clock.now().astimezone(VIETNAM):%Y/%m/%d}"
        codes = [recipients] if isinstance(recipients, str) else recipients
        running, _, notation = number.partition("/")
        known: dict[str, Any] = {
            "sender": self.organization,
            "recipients": tuple(map(Organization, codes)),
            "document_id": f"{self.agency},{today},{number}",
            "number": running,
            "notation": notation,
            "place": "–",
            "promulgation_date": today,
            "document_type": "1",
            "type_detail": "",
            "type_name": "Công văn",
            "subject": subject,
        }
        return Document(**known | fields)

    def document(
        self, document: Document, files: Iterable[File] = (), *, zipped: bool = False
    ) -> bytes:
        """The signed envelope of `document`. `zipped`: each file in a zip, as older products want it.

        Raises EnvelopeError. Heavy for many megabytes: call it in a thread then.
        """
        return signed(compose(document, files, zipped=zipped), self._key)

    def status(
        self, about: Message | Envelope, code: str, words: str = "", *, staff: Staff = _CLERK
    ) -> bytes:
        """The signed status `code` (01 to 06; 15 and 16 answer a recall) about a document that came in.

        `words`: what people read; of 02 the reason, which must be there. Raises EnvelopeError.
        """
        envelope = about.envelope() if isinstance(about, Message) else about
        body = compose_answer(
            envelope,
            code,
            words,
            sender=self.organization,
            staff=staff,
            now=self._clock.now(),
        )
        return signed(body, self._key)

    def taking_back(
        self, document: Document, recipient: str, words: str = "", *, staff: Staff = _CLERK
    ) -> bytes:
        """The signed status 13: asks `recipient` for a document of this agency's own. Raises EnvelopeError.

        From all its recipients a document is taken back by a document of type recall instead, under its id.
        """
        body = compose_taking_back(
            document,
            recipient,
            words,
            sender=self.organization,
            staff=staff,
            now=self._clock.now(),
        )
        return signed(body, self._key)
