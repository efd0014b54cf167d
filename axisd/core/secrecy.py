"""Marks of secrecy: Mật, Tối mật, Tuyệt mật as a *mark*, not inside ordinary words.

State secrets must not travel over the axis (QC Điều 1.2 and 6.1a). edXML has no field for the mark, so
producers write it wherever people read: every text of an envelope is looked at, and also those that the
schema does not know, but not the attachments' content and not signatures. "bảo mật", "bí mật", "mật khẩu"
and "mật độ" are ordinary words and never a mark; neither is MẬT in a text all in capitals, which sets
nothing apart. Where people talk about other documents (why a status refuses one, why one is recalled)
or have names, only what is set apart counts: "văn bản đóng dấu Tối mật gửi nhầm" must be able to travel.

Only text is judged, by its form: a secret without a mark is not found, and nothing here says what a
document is worth.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from typing import Final

from lxml import etree

from axisd.core.node import EDXML


class Speech(Enum):
    """What kind of text it is, and so what counts in it."""

    TEXT = "a document's own words"
    TYPE = "the name of its type"
    FILE = "a file's name"
    REPORT = "words about a document"
    NAME = "the name of a person or a body"


_SPEECH: Final = {
    "TypeName": Speech.TYPE,
    "AttachmentName": Speech.FILE,
    "BussinessDocReason": Speech.REPORT,
    "FullName": Speech.NAME,
    "Staff": Speech.NAME,
    "OrganName": Speech.NAME,
    "OrganizationInCharge": Speech.NAME,
}
_UNREAD: Final = frozenset({"ContentTransferEncoded", "Signature", "DigitalSignature"})
"""What people do not read: their whole content is passed over."""

_READABLE: Final = etree.XPath(
    "//*[not(self::edxml:ContentTransferEncoded)]/text()",
    namespaces={"edxml": EDXML},
    smart_strings=False,
)
_GAP: Final = r"[\W_\u115f\u1160\u3164\uffa0]*"
_ROUGHLY: Final = re.compile(
    rf"[mｍм\u03bc\u043c]{_GAP}(?:ậ|[aâạａ]{_GAP}[\u0302\u0323])|(?:tuyet|toi|do)[\W_]*mat"
)

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point (UAX #44): nobody sees them, so they part no word."""
_ALIKE: Final = str.maketrans("_ÐΜΤΥΟМТУОтуоο", " ĐMTYOMTYOtyoo")
"""Letters of other alphabets that look like those of the marks; and what stands for a space."""

_AROUND: Final = 48
"""Characters on each side of a word that say what it means there."""
_SPACED: Final = re.compile(r"(?<![^\W_])(?:[^\W_] ){2,}[^\W_](?![^\W_])")
_EXTENSION: Final = re.compile(r"(?:\.[A-Za-z0-9]{1,8})+$")
_WORD: Final = re.compile(
    r"(?<!\w)(?P<degree>(?:tối|tuyệt)[\s.–—-]*)?(?P<word>mật)(?!\w)", re.IGNORECASE
)
_BEFORE: Final = frozenset(
    "bảo bí cơ thân cẩn trù chu nghiêm tường túi sỏi ống đường men rỉ gan dịch tuyến".split()  # noqa: SIM905
)
_AFTER: Final = frozenset(
    "khẩu độ mã thư thám vụ thiết danh ngữ ước ong mía ngọt gấu hoa hiệu lệnh báo nghị".split()  # noqa: SIM905
)
"""Words that make one ordinary word together with *mật*, before it and after it."""

_LAST: Final = re.compile(r"(\w+)[\s–—-]*$")
_NEXT: Final = re.compile(r"^[\s–—-]*(\w+)")
_GRADED: Final = re.compile(r"(?:\b(?:độ|mức(?: độ)?|dấu(?: chỉ độ)?) mật ?[:=] ?)$", re.IGNORECASE)
_GRADE_LETTER: Final = re.compile(r"\bđộ mật ?[:=] ?[abc]\b", re.IGNORECASE)
_UNACCENTED: Final = re.compile(
    r"\btuyet mat\b(?! do\b)|^\W*toi mat\b(?! do\b)|[(\[{<] ?toi mat ?[)\]}>]"
    r"|\bdo mat ?[:=] ?(?:toi mat|mat)\b",
    re.IGNORECASE,
)


def is_mark(text: str, speech: Speech = Speech.TEXT) -> bool:
    """Whether `text` carries a mark of secrecy, in any Unicode form."""
    if text.isascii():
        return "mat" in text.lower() and _UNACCENTED.search(_plain(text, speech)) is not None
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if "ậ" not in text and "Ậ" not in text:  # most texts: this is asked of every one of them
        return False
    text = _plain(text, speech)
    if _GRADE_LETTER.search(text):
        return True
    mixed = text != text.upper()
    return any(_counts(found, text, mixed, speech) for found in _WORD.finditer(text))


def marked_element(root: etree._Element) -> etree._Element | None:
    """The first element in `root` whose own text carries a mark; None if none does."""
    if not _possible(" ".join(_READABLE(root)).lower()):
        return None
    return next((found for text, found in _texts(root) if is_mark(text, _speech(found))), None)


def _possible(text: str) -> bool:
    """Whether a mark can be in `text`, in small letters: nearly never, and that is soon said."""
    signs = ("ậ", "\u0323", "mat")
    return any(sign in text for sign in signs) and _ROUGHLY.search(text) is not None


def _texts(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Every text that people read, with its element; comments only split it."""
    pending = [root]
    while pending:
        element = pending.pop()
        if _local(element) in _UNREAD:
            continue
        text = element.text or ""
        if len(element):
            text += "".join(child.tail or "" for child in element)
            pending.extend(reversed(list(element.iterchildren(etree.Element))))
        if text and not text.isspace():
            yield text, element


def _speech(element: etree._Element) -> Speech:
    name, parent = _local(element), element.getparent()
    if name == "Description" and parent is not None:
        return Speech.FILE if _local(parent) in {"Attachment", "Reference"} else Speech.REPORT
    return _SPEECH.get(name, Speech.TEXT)


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _plain(text: str, speech: Speech) -> str:
    """As it looks: letters that look alike are one, words are apart by one space."""
    text = " ".join(text.translate(_ALIKE).split())
    if speech is Speech.FILE:
        text = text[:-_AROUND] + _EXTENSION.sub("", text[-_AROUND:])
    return _SPACED.sub(lambda found: found[0].replace(" ", ""), text)


def _counts(found: re.Match[str], text: str, mixed: bool, speech: Speech) -> bool:
    # Far enough to both sides for any word; whoever writes nothing but "mật" must not cost more.
    before = text[max(0, found.start() - _AROUND) : found.start()]
    after = text[found.end() : found.end() + _AROUND]
    graded = found["degree"] is not None
    last, following = _LAST.search(before), _NEXT.search(after)
    if following is not None and following[1].lower() in _AFTER:
        return False
    if not graded and last is not None and last[1].lower() in _BEFORE:
        return False
    if _GRADED.search(before) or _set_apart(before, after):
        # Who is called Mật and nothing else is no secret.
        return speech is not Speech.NAME or graded or bool(before or after)
    if speech in {Speech.REPORT, Speech.NAME}:
        return False
    if graded or (speech is Speech.TYPE and not after):
        return True
    return mixed and found["word"] == "MẬT"


_OPENS: Final = "([{<"
_CLOSES: Final = ")]}>"
_PARTS: Final = "-–—:/|"
_PAUSES: Final = ".,;"


def _set_apart(before: str, after: str) -> bool:
    """Whether what stands between `before` and `after` stands for itself: in brackets, or cut off by a dash."""
    left, right = before.rstrip()[-1:], after.lstrip()[:1]
    begins = not any(map(str.isalnum, before))
    ends = not any(map(str.isalnum, after))
    if begins or left in _OPENS:
        return ends or right in _CLOSES + _PARTS + _PAUSES
    return left in _PARTS + ";" and ends
