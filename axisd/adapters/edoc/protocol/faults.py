"""What went wrong, under the codes that clients of the older axis know.

A client looks at the code, a clerk at the description. So the code is the older axis's wherever one fits
(`N.…` something is required, `R.…` it is out of range, `M.…` it is not allowed, each with the place in the
envelope), and the description has the older axis's words first, then our own reason in English and
Vietnamese. Codes of that axis's accidental refusals are not used: what it refused so is accepted here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from axisd.core.envelope import Kind
from axisd.core.reasons import Refusal
from axisd.core.schemafault import missing_in


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of `errors`."""

    code: str
    description: str


UNAUTHORIZED: Final = Fault("Unauthorized", "Unauthorized !")
NO_CREDENTIALS: Final = Fault(
    "Invalid Credentials",
    "Invalid Credentials. Make sure you have provided the correct security credentials",
)
NO_KIND: Final = Fault(
    "BadRequest",
    "Bad Request: header type is missing; send EDOC or STATUS."
    " / Thiếu header type; hãy gửi EDOC hoặc STATUS.",
)
UNKNOWN_KIND: Final = Fault(
    "MessageType",
    "UnSupport Message Type: header type is EDOC or STATUS."
    " / Header type chỉ nhận EDOC hoặc STATUS.",
)
NO_ITEM: Final = Fault(
    "DocID",
    "Invalid DocID: there is no such message for this account."
    " / Không có thông điệp nào mang docid này cho tài khoản.",
)
NO_NUMBER: Final = Fault(
    "DocID",
    "Invalid DocID: header docid is missing or not a number; a client that was started long ago may have"
    " lost it. / Header docid bị thiếu hoặc không phải số.",
)
WRONG_HASH: Final = Fault(
    "SendDocument",
    "hash-edoc does not match the file: send the SHA-256 of the file in hex, or leave the header out."
    " / hash-edoc không khớp với tệp; hãy gửi SHA-256 của tệp (hex) hoặc bỏ header này.",
)
NOT_YOURS: Final = Fault(
    "M.CheckExistDocument",
    "The account serves neither fromOrgan nor toOrgan."
    " / Tài khoản không phục vụ fromOrgan và cũng không phục vụ toOrgan.",
)
REPEATED: Final = "ExistDoc"
STATUS_NOT_ALLOWED: Final = "M.UpdateStatusDoc"

_MESSAGE: Final = re.compile(r"/edXML/edXMLEnvelope/edXMLHeader/(?:MessageHeader|Status)(.*)")
_INDEX: Final = re.compile(r"\[[0-9]+\]")
_ABOUT_STATUSES: Final = frozenset({"status-not-recipient", "recall-not-asked", "unmatched"})
_OLD: Final = {
    "PromulgationInfoPromulgationDate": (
        "PromulgationDate",
        "PromulgationDate is match type yyyy/MM/dd",
    ),
    "Subject": ("MessageHeader.Subject", ""),
}
"""Places with a code of their own, and with words of their own where these are known."""


def bad_request(en: str, vi: str) -> Fault:
    """A request that is none of the API's."""
    return Fault("BadRequest", f"Bad Request: {en} / {vi}")


def required(name: str) -> Fault:
    """A field of a JSON body that is missing."""
    return Fault(f"N.{name}", f"{name} is required. / Thiếu trường {name}.")


def outage(code: str) -> Fault:
    """The axis failed while it did what `code` names."""
    return Fault(
        code, "The axis failed; try again later. / Trục đang gặp sự cố; vui lòng thử lại sau."
    )


def unreceived(en: str, vi: str) -> Fault:
    """A body that could not be taken in."""
    return Fault("SendDocument", f"{en} / {vi}")


def fault_of(refusal: Refusal, kind: Kind | None = None) -> Fault:
    """`refusal` as an entry of `errors`. `kind`: of the envelope, where it could be read."""
    code, words = _old(refusal, kind)
    en, vi = refusal.text("en"), refusal.text("vi")
    where = f" ({refusal.at}, line {refusal.line})" if refusal.at and refusal.line else ""
    said = f"{words} " if words else ""
    return Fault(code, f"{said}[{refusal.code}]{where} {en} / {vi}")


def _old(refusal: Refusal, kind: Kind | None) -> tuple[str, str]:
    """The older axis's code, and its words where it had some."""
    if refusal.code == "document-id-reused":
        return REPEATED, "Document is exist."
    if refusal.code in _ABOUT_STATUSES and kind is not Kind.DOCUMENT:
        return STATUS_NOT_ALLOWED, ""
    place = _place(refusal.at)
    if place is None:
        return "SendDocument", ""
    if refusal.code == "schema-invalid":
        return _misshapen(refusal, place)
    if refusal.code == "status-reason-missing":
        return f"N.MessageHeader{place}", ""
    letter = {"19": "M", "18": "R"}.get(refusal.reason.vxp)
    return (f"{letter}.MessageHeader{place}" if letter else "SendDocument"), ""


def _misshapen(refusal: Refusal, place: str) -> tuple[str, str]:
    missing = missing_in(refusal)
    letter, required = "R", ""
    if missing:
        place += missing[0]
        name = missing[0] or _INDEX.sub("", refusal.at or "").rpartition("/")[2]
        letter, required = "N", f"{name} is required."
    code, words = _OLD.get(place, (f"{letter}.MessageHeader{place}", ""))
    return code, words or required


def _place(at: str | None) -> str | None:
    """Where in the message header something is, written together (`FromOrganId`); None for elsewhere."""
    found = _MESSAGE.fullmatch(at or "")
    return _INDEX.sub("", found[1]).replace("/", "") if found else None
