"""Certificates that the configuration names and that no longer hold, or not for long.

Pins that were given as files, and the authorities; a digest alone says nothing of time. An expired one
harms nothing but its owner, whose signatures are refused, so all of it is for the operator to know, and
none a cause not to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from axisd.config.agencies import Pinned
from axisd.config.directory import Remark, Sources
from axisd.config.model import TrustSettings
from axisd.config.yamlfile import Document
from axisd.core.directory import Directory
from axisd.core.zone import day_of
from axisd.errors import Problem

SOON: Final = timedelta(days=30)
"""So long before its end a certificate is pointed out."""

_Place = Callable[[str], Problem]


def pin_remarks(sources: Sources, directory: Directory, day: date) -> Iterator[Remark]:
    """Pins that expired or soon will, and pins of agencies that are closed."""
    for row in sources.rows:
        yield from _pins(row.agency.code, row.pinned, directory, day, row.problem)
    for index, code, pinned in sources.enrolment.pins:

        def place(text: str, index: int = index) -> Problem:
            return sources.enrolment.problem(index, text)

        yield from _pins(code, pinned, directory, day, place)


def authority_remarks(settings: TrustSettings, document: Document, day: date) -> Iterator[Remark]:
    """Authorities that expired or soon will."""
    for index, file in enumerate(settings.authorities):
        for certificate in file.certificates:
            name = f"the authority {certificate.subject.rfc4514_string()} in {file.path}"
            for kind, text in _ending(name, certificate.not_valid_after_utc, day):
                yield Remark(kind, document.problem(("trust", "authorities", index), text))


def _pins(
    code: str, pinned: Iterable[Pinned], directory: Directory, day: date, place: _Place
) -> Iterator[Remark]:
    pinned = tuple(pinned)
    for pin in pinned:
        if pin.until is not None:
            name = f"the certificate of {code} in {pin.file}"
            for kind, text in _ending(name, pin.until, day):
                yield Remark(kind, place(text))
    agency = directory.at(code, day)
    if pinned and agency is not None and agency.closed_on(day):
        text = (
            f"{code} closed on {agency.valid_to}, and its pinned certificates still sign its late statuses; "
            "take them out when these are over"
        )
        yield Remark("pin-closed", place(text))


def _ending(name: str, until: datetime, day: date) -> Iterator[tuple[str, str]]:
    last = day_of(until)
    if last < day:
        yield (
            "certificate-expired",
            f"{name} expired on {last}; enter the new one, and take this one out",
        )
    elif last - day <= SOON:
        yield "certificate-ends", f"{name} expires on {last}; enter the new one beside it in time"
