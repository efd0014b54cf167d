"""Answers of the protocol: what a server builds, and what a client makes of what came back.

Every answer but `downloadEdoc`'s is a JSON object with `status`, `ErrorCode` and `ErrorDesc`. The SDK
takes a body that is not JSON for "success, empty", and throws where a top-level field is missing: so a
server of ours answers this shape whatever went wrong, and our client believes nothing but this shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from axisd.adapters.vxp.protocol.base64text import decoded, encoded
from axisd.errors import TransientError


class Code(StrEnum):
    """`ErrorCode` as seen in use."""

    OK = "0"
    INVALID = "10"
    ACCOUNT = "15"
    RECIPIENT = "18"
    SENDER = "19"
    SYSTEM = "20"
    FILE = "21"
    NOT_EDXML = "22"
    LOCKED = "23"


def sentence(en: str, vi: str) -> str:
    """What `ErrorDesc` says: Vietnamese first, because a clerk reads it."""
    return f"{vi} / {en}"


@dataclass(frozen=True, slots=True)
class Refused:
    """What a server answers instead of doing it: `text` is a sentence for the caller's operator."""

    code: str
    text: str

    @classmethod
    def of(cls, code: Code, en: str, vi: str) -> Refused:
        """A refusal in both languages."""
        return cls(code, sentence(en, vi))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `fields`: what stands beside the three fixed ones (`DocId`, `count`, `data`).

    A `data` of type bytes is a file, and travels as base64; one that is `Encoded` travels as it is.
    """

    code: str = Code.OK
    text: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, refused: Refused) -> Answer:
        return cls(refused.code, refused.text)

    @property
    def accepted(self) -> bool:
        return self.code == Code.OK

    def encode(self) -> bytes:
        """The JSON, ASCII only: no reader can get its character set wrong."""
        file = self.fields.get("data")
        if isinstance(file, bytes):
            head, tail = self.around_file()
            return b"".join((head, encoded(file), tail))
        if isinstance(file, Encoded):
            head, tail = self._around(b',"data":')
            return b"".join((head, file.json, tail))
        return _json({**self._fixed, **self.fields})

    def around_file(self) -> tuple[bytes, bytes]:
        """What stands before and behind the base64 of the file in `data`."""
        head, tail = self._around(b',"data":"')
        return head, b'"' + tail

    def _around(self, label: bytes) -> tuple[bytes, bytes]:
        rest = {name: value for name, value in self.fields.items() if name != "data"}
        return _json({**self._fixed, **rest})[:-1] + label, b"}"

    @property
    def _fixed(self) -> dict[str, str]:
        status = "OK" if self.accepted else "FAIL"
        return {"status": status, "ErrorCode": str(self.code), "ErrorDesc": self.text}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A `data` that is JSON already, for long lists that are the same for everybody."""

    json: bytes

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Encoded:
        return cls(b"[" + b",".join(map(_json, rows)) + b"]")


def read_answer(body: bytes | bytearray, *, needs: str = "") -> Answer:
    """The answer in `body`. `needs`: the field that it must have when it says OK.

    Raises TransientError for anything else than a well-formed OK or FAIL, naming what was found.
    """
    return _answer(_object(body), body, needs)


def read_file(body: bytes | bytearray) -> Answer:
    """The answer in `body` whose `data` is a file: `fields["data"]` is its bytes when it says OK.

    The text of the file is cut out before the rest is read as JSON, and decoded in slices. Raises
    TransientError as `read_answer` does, and when the file is empty or not base64.
    """
    rest, plain = _cut(body)
    answer = _answer(_object(rest), rest, "data")
    if not answer.accepted:
        return answer
    text: bytes | memoryview | None = plain
    if text is None or answer.fields["data"] != _CUT:
        # Not the usual layout, or line ends and escapes in the base64: the long way round.
        whole = _object(body).get("data")
        if not isinstance(whole, str):
            raise TransientError(f"the answer's data is not text but {type(whole).__name__}")
        text = "".join(whole.split()).encode("ascii", "replace")
    try:
        file = decoded(text)
    except ValueError as wrong:
        raise TransientError(f"the answer's data is not base64: {wrong}") from wrong
    if not file:
        raise TransientError("the answer's data is an empty file")
    return Answer(answer.code, answer.text, {**answer.fields, "data": file})


def read_rows(answer: Answer) -> Sequence[Mapping[str, str]]:
    """The list in `data`, every field as text. Raises TransientError if it is not a list of objects."""
    data = answer.fields.get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise TransientError(f"the answer's data is not a list of objects: {data!r:.80}")
    return [{str(key): text_of(value) for key, value in row.items()} for row in data]


def text_of(value: object) -> str:
    """A JSON value as text: servers write codes as numbers, and null for empty.

    Half a surrogate pair, which JSON can spell and no ledger can hold, becomes "?".
    """
    if value is None:
        return ""
    text = value.strip() if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


_FIXED: Final = frozenset({"status", "ErrorCode", "ErrorDesc"})
_DATA: Final = re.compile(rb'"data"\s*:\s*"')
_CUT: Final = "cut out"


def _cut(body: bytes | bytearray) -> tuple[bytes | bytearray, memoryview | None]:
    """`body` without the text of its `data`, and that text if it is plain base64 as it stands."""
    found = _DATA.search(body)
    end = body.find(b'"', found.end()) if found else -1
    if found is None or end < 0 or body.find(b"\\", found.end(), end) >= 0:
        return body, None
    rest = body[: found.end()] + _CUT.encode() + body[end:]
    return rest, memoryview(body)[found.end() : end]


def _answer(found: Mapping[str, Any], body: bytes | bytearray, needs: str) -> Answer:
    status = text_of(found.get("status")).upper()
    code = text_of(found.get("ErrorCode"))
    sentence = text_of(found.get("ErrorDesc"))
    if status == "OK":
        if code != Code.OK:
            raise _garbage(f"says OK with ErrorCode {code!r:.40}", body)
        if needs and found.get(needs) in (None, ""):
            raise _garbage(f"says OK without {needs}", body)
    elif status != "FAIL":
        raise _garbage(f"has the status {status!r:.40}", body)
    elif code in ("", Code.OK):
        raise _garbage(f"says FAIL with ErrorCode {code!r}", body)
    fields = {key: value for key, value in found.items() if key not in _FIXED}
    return Answer(code, sentence, fields)


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def _object(body: bytes | bytearray) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise _garbage(f"is not JSON ({wrong})", body) from wrong
    if not isinstance(found, dict):
        raise _garbage(f"is not a JSON object but {type(found).__name__}", body)
    return found


def _garbage(what: str, body: bytes | bytearray) -> TransientError:
    beginning = ascii(body[:80].decode("utf-8", "replace"))
    return TransientError(f"the answer of {len(body)} bytes {what}; it begins with {beginning}")
