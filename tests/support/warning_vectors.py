"""Messages that are accepted and warned about: one or more for every kind of warning, and near misses.

`WARNED` maps `warning/<case>` to a vector like those of `good_vectors`, with the place and the line of each
warning besides; `scripts/make_vectors.py` writes them to `tests/vectors/good/`. Stated by hand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from tests.support.good_vectors import PLAIN_DOCUMENT, PLAIN_STATUS, Good
from tests.support.messages import ATTACHED, DOCUMENT, MANIFEST, PDF, STATUS, line_of, swap

HEADER: Final = "/edXML/edXMLEnvelope/edXMLHeader"
MESSAGE: Final = f"{HEADER}/MessageHeader"
REFERENCE: Final = "/edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference"
ATTACHMENT: Final = "/edXML/AttachmentEncoded/Attachment"
_PROMULGATED: Final = f"{MESSAGE}/PromulgationInfo/PromulgationDate"
_TRACED: Final = f"{HEADER}/TraceHeaderList/TraceHeader/Timestamp"

_READ: Final = ("attachments", "business", "subject", "document_id", "from", "to")
"""Facts that the other vectors state; these here are about warnings."""

Place = tuple[str, str, str]
"""Code of a warning, where it stands, and a mark on its line ("" if it has none)."""


def _warned(text: str, changes: tuple[tuple[str, str], ...], places: tuple[Place, ...]) -> Good:
    body = swap(text, *changes)
    plain = PLAIN_DOCUMENT if text is DOCUMENT else PLAIN_STATUS
    facts: dict[str, Any] = {key: value for key, value in plain.items() if key not in _READ}
    return Good(
        body.encode(),
        facts
        | {
            "warnings": [code for code, _, _ in places],
            "places": [
                [at or None, line_of(body, mark) if mark else None] for _, at, mark in places
            ],
        },
    )


def _document(*changes: tuple[str, str], told: tuple[Place, ...] = ()) -> Good:
    return _warned(DOCUMENT, changes, told)


def _status(*changes: tuple[str, str], told: tuple[Place, ...] = ()) -> Good:
    return _warned(STATUS, changes, told)


def _one(code: str, at: str, mark: str, *changes: tuple[str, str]) -> Good:
    return _document(*changes, told=((code, at, mark),))


def _promulgated(text: str) -> tuple[str, str]:
    return ">2026/11/20</edXML:PromulgationDate>", f">{text}</edXML:PromulgationDate>"


def _due(text: str) -> tuple[str, str]:
    return ">2026/12/05<", f">{text}<"


def _traced(text: str) -> tuple[str, str]:
    return ">2026/11/20 08:00:00<", f">{text}<"


def _typed(name: str) -> tuple[str, str]:
    return ">Công văn<", f">{name}<"


def _declared(media_type: str) -> tuple[str, str]:
    return "<ContentType>application/pdf", f"<ContentType>{media_type}"


def _reply(*said: tuple[str, str]) -> tuple[str, str]:
    children = "".join(f"\n<edXML:{name}>{text}</edXML:{name}>" for name, text in said)
    end = "      </edXML:MessageHeader>"
    return end, f"<edXML:ResponseFor>{children}</edXML:ResponseFor>\n{end}"


def _of_business(kind: str, more: str = "") -> tuple[str, str]:
    plain = "<edXML:BussinessDocType>0</edXML:BussinessDocType>"
    return plain, f"<edXML:BussinessDocType>{kind}</edXML:BussinessDocType>{more}"


def _nowhere(number: int) -> str:
    """A Reference to something that is not there, on a line with its number."""
    marked = MANIFEST.replace("<edXML:Reference>", f"<!--{number}--><edXML:Reference>")
    return marked.replace("cid:a1", f"cid:x{number}")


_NOT_ATTACHED: Final = ((ATTACHED, ""), (MANIFEST, ""))
_SIGNER: Final = (
    "        <edXML:DueDate>",
    (
        "<edXML:SignerInfo>\n<edXML:Position>{position}</edXML:Position>\n"
        "<edXML:FullName>{name}</edXML:FullName></edXML:SignerInfo>\n        <edXML:DueDate>"
    ),
)
_PLACES: Final = "<edXML:ToPlaces>{}</edXML:ToPlaces>\n        <edXML:DueDate>"
_ORGAN: Final = ("OrganId", "000.00.13.H53")
_CODE: Final = ("Code", "9/STTTT-VP")
_DATED: Final = ("PromulgationDate", "2026/11/19")
_EARLIER: Final = ("DocumentId", "000.00.13.H53,2026/11/19,9/STTTT-VP")
_ANSWER: Final = f"{MESSAGE}/ResponseFor"
_CONTENT_CHANGED: Final = (
    "<edXML:BussinessDocumentInfo><edXML:DocumentInfo>{}</edXML:DocumentInfo>"
    "</edXML:BussinessDocumentInfo>"
)

WARNED: Final[Mapping[str, Good]] = {
    # dates
    "warning/promulgated-on-no-day": _one(
        "date-invalid", _PROMULGATED, "2026/02/30", _promulgated("2026/02/30")
    ),
    "warning/promulgated-in-the-year-34": _one(
        "date-invalid", _PROMULGATED, "0034/09/16", _promulgated("0034/09/16")
    ),
    "warning/promulgated-nowhen": _one(
        "date-invalid", _PROMULGATED, "<edXML:PromulgationDate>", _promulgated("")
    ),
    "warning/promulgated-tomorrow": _one(
        "date-in-future", _PROMULGATED, "2026/11/22", _promulgated("2026/11/22")
    ),
    "warning/promulgated-today": _document(_promulgated("2026/11/21")),
    "warning/due-on-no-day": _one(
        "date-invalid", f"{MESSAGE}/DueDate", "31/12/2026", _due("31/12/2026")
    ),
    "warning/due-before-promulgation": _one(
        "due-before-promulgation", f"{MESSAGE}/DueDate", "2026/11/19", _due("2026/11/19")
    ),
    "warning/due-on-the-day": _document(_due("2026/11/20")),
    "warning/due-at-an-hour": _document(_due("2026/11/20 17:00:00")),
    "warning/due-nowhen": _document(_due("")),
    "warning/traced-at-no-time": _one(
        "time-invalid", _TRACED, "25:00:00", _traced("2026/11/20 25:00:00")
    ),
    "warning/traced-ahead-of-time": _one(
        "time-in-future", _TRACED, "09:06:00", _traced("2026/11/21 09:06:00")
    ),
    "warning/traced-by-a-clock-nearly-right": _document(_traced("2026/11/21 09:05:00")),
    "warning/traced-in-iso-8601": _document(_traced("2026-11-20T08:00:00.123+07:00")),
    "warning/traced-nowhen": _document(_traced("null")),
    "warning/status-of-no-day": _status(
        (">2026/11/20</edXML:PromulgationDate>", ">20-11-2026</edXML:PromulgationDate>"),
        told=(("date-invalid", f"{_ANSWER}/PromulgationDate", "<edXML:ResponseFor>"),),
    ),
    "warning/status-at-no-time": _status(
        ("09:15:00<", "9h15<"),
        told=(("time-invalid", f"{MESSAGE}/Timestamp", "9h15"),),
    ),
    "warning/status-ahead-of-time": _status(
        ("2026/11/20 09:15:00", "2026/11/22 09:15:00"),
        told=(("time-in-future", f"{MESSAGE}/Timestamp", "2026/11/22"),),
    ),
    # the type
    "warning/type-of-no-law": _one(
        "type-name-unknown",
        f"{MESSAGE}/DocumentType/TypeName",
        "Giấy đi đường",
        _typed("Giấy đi đường"),
    ),
    "warning/type-without-name": _one(
        "type-name-unknown", f"{MESSAGE}/DocumentType/TypeName", "<edXML:TypeName>", _typed("")
    ),
    "warning/type-in-capitals": _document(_typed("CÔNG  VĂN")),
    "warning/type-decomposed": _document(_typed(unicodedata.normalize("NFD", "Tờ trình"))),
    "warning/type-of-a-single-case": _document(_typed("Quyết định (cá biệt)")),
    "warning/type-with-the-tone-elsewhere": _document(_typed("Giấy uỷ quyền")),
    "warning/type-of-a-norm": _document(_typed("Thông tư")),
    # what it answers
    "warning/reply-to-nothing-known": _one(
        "reply-unreadable", _ANSWER, "<edXML:ResponseFor>", _reply(_ORGAN, _CODE)
    ),
    "warning/reply-to-a-number-alone": _one(
        "reply-unreadable", _ANSWER, "<edXML:ResponseFor>", _reply(_ORGAN, ("Code", "9"), _DATED)
    ),
    "warning/reply-to-an-organ-of-no-code": _one(
        "reply-unreadable",
        _ANSWER,
        "<edXML:ResponseFor>",
        _reply(("OrganId", "Sở Y tế"), _CODE, _DATED, _EARLIER),
    ),
    "warning/reply-of-no-day": _one(
        "date-invalid",
        f"{_ANSWER}/PromulgationDate",
        "<edXML:ResponseFor>",
        _reply(_ORGAN, _EARLIER, ("PromulgationDate", "19/11/2026")),
    ),
    "warning/reply-as-people-say-it": _document(_reply(_ORGAN, _CODE, _DATED)),
    "warning/reply-by-id": _document(_reply(_EARLIER)),
    "warning/reply-not-filled-in": _document(_reply(("OrganId", "null"), ("Code", ""))),
    # what it carries
    "warning/no-attachment": _one("attachment-none", "/edXML", "", *_NOT_ATTACHED),
    "warning/recall-without-attachment": _document(*_NOT_ATTACHED, _of_business("1")),
    "warning/update-of-recipients-alone": _document(
        *_NOT_ATTACHED, _of_business("2", _CONTENT_CHANGED.format("0"))
    ),
    "warning/update-of-content-without-attachment": _one(
        "attachment-none",
        "/edXML",
        "",
        *_NOT_ATTACHED,
        _of_business("2", _CONTENT_CHANGED.format("1")),
    ),
    "warning/one-attachment-listed-twice": _one(
        "attachment-missing",
        f"{REFERENCE}[2]",
        "<!--2-->",
        (MANIFEST, MANIFEST + _nowhere(2).replace("cid:x2", "cid:a1")),
    ),
    "warning/attachment-not-listed": _one(
        "attachment-unlisted", ATTACHMENT, "    <Attachment>", (MANIFEST, "")
    ),
    "warning/attachment-listed-by-another-id": _document(
        ("<ContentId>cid:a1", "<ContentId>cid:a2"),
        told=(
            ("attachment-missing", REFERENCE, "<edXML:Reference>"),
            ("attachment-unlisted", ATTACHMENT, "    <Attachment>"),
        ),
    ),
    "warning/attachment-listed-by-another-name": _one(
        "attachment-name-differs",
        f"{REFERENCE}/AttachmentName",
        "<edXML:Reference>",
        ("<edXML:AttachmentName>15-STC-VP.pdf", "<edXML:AttachmentName>16-STC-VP.pdf"),
    ),
    "warning/attachment-listed-without-name": _document(
        ("<edXML:AttachmentName>15-STC-VP.pdf</edXML:AttachmentName>", "")
    ),
    "warning/attachment-without-content": _one(
        "attachment-empty", ATTACHMENT, "    <Attachment>", (PDF, "")
    ),
    "warning/program-called-a-pdf": _one(
        "attachment-type-differs",
        f"{ATTACHMENT}/ContentType",
        "    <Attachment>",
        (PDF, "TVqQAAMAAAAEAAAA"),
    ),
    "warning/text-called-a-pdf": _one(
        "attachment-type-differs",
        f"{ATTACHMENT}/ContentType",
        "    <Attachment>",
        (PDF, "eGluIGNow6Bv"),
    ),
    "warning/pdf-called-a-word-document": _one(
        "attachment-type-differs",
        f"{ATTACHMENT}/ContentType",
        "    <Attachment>",
        _declared("application/msword"),
    ),
    "warning/pdf-called-a-zip": _one(
        "attachment-type-differs",
        f"{ATTACHMENT}/ContentType",
        "    <Attachment>",
        _declared("application/zip"),
    ),
    "warning/zip-called-a-pdf": _document((PDF, "UEsDBBQACAgIAA==")),
    "warning/pdf-called-nothing-in-particular": _document(_declared("application/octet-stream")),
    "warning/pdf-called-so-with-a-parameter": _document(_declared("Application/PDF; name=x.pdf")),
    # lengths of the law
    "warning/long-number": _one(
        "length-exceeded",
        f"{MESSAGE}/Code/CodeNumber",
        "202611201048",
        ("CodeNumber>15<", "CodeNumber>202611201048<"),
    ),
    "warning/long-notation": _one(
        "length-exceeded",
        f"{MESSAGE}/Code/CodeNotation",
        "Đ" * 31,
        ("CodeNotation>STC-VP<", f"CodeNotation>{'Đ' * 31}<"),
    ),
    "warning/long-subject": _one(
        "length-exceeded", f"{MESSAGE}/Subject", "ế" * 501, ("V/v lập dự toán năm 2027", "ế" * 501)
    ),
    "warning/long-subject-of-decomposed-letters": _document(
        ("V/v lập dự toán năm 2027", unicodedata.normalize("NFD", "ế" * 500))
    ),
    "warning/long-name-of-an-organ": _one(
        "length-exceeded",
        f"{MESSAGE}/To/OrganName",
        "ở" * 201,
        ("Sở Thông tin và Truyền thông", "ở" * 201),
    ),
    "warning/long-name-and-position-of-the-signer": _document(
        (_SIGNER[0], _SIGNER[1].format(position="G" * 101, name="N" * 51)),
        told=(
            ("length-exceeded", f"{MESSAGE}/SignerInfo/Position", "GGG"),
            ("length-exceeded", f"{MESSAGE}/SignerInfo/FullName", "NNN"),
        ),
    ),
    "warning/many-pages": _one(
        "length-exceeded",
        f"{MESSAGE}/OtherInfo/PageAmount",
        "1000",
        ("PageAmount>2<", "PageAmount>1000<"),
    ),
    "warning/many-places": _one(
        "length-exceeded",
        f"{MESSAGE}/ToPlaces",
        "<edXML:ToPlaces>",
        ("<edXML:DueDate>", _PLACES.format(f"<edXML:Place>{'x' * 501}</edXML:Place>" * 2)),
    ),
    "warning/long-description-of-an-attachment": _one(
        "length-exceeded",
        f"{ATTACHMENT}/Description",
        "    <Attachment>",
        ("<ContentType>", f"<Description>{'x' * 501}</Description><ContentType>"),
    ),
    "warning/long-words-of-a-status": _status(
        ("Văn thư đã tiếp nhận", "ế" * 501),
        told=(("length-exceeded", f"{MESSAGE}/Description", "ếế"),),
    ),
    # more than anybody reads
    "warning/more-than-is-told": _document(
        (MANIFEST, MANIFEST + "".join(map(_nowhere, range(2, 7)))),
        told=(
            *(
                ("attachment-missing", f"{REFERENCE}[{number}]", f"<!--{number}-->")
                for number in (2, 3, 4)
            ),
            ("warnings-more", "", ""),
        ),
    ),
}
