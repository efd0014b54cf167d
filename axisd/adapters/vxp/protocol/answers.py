"""Answers of the protocol: what a server builds, and what a client makes of what came back.

Every answer but `downloadEdoc`'s is a JSON object with `status`, `ErrorCode` and `ErrorDesc`. The SDK
takes a body that is not JSON for "success, empty", and throws where a top-level field is missing: so a
server of ours answers this shape whatever went wrong, and our client believes nothing but this shape.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class Refused:
    """What a server answers instead of doing it: `text` is a sentence for the caller's operator."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `fields`: what stands beside the three fixed ones (`DocId`, `count`, `data`).

    A `data` of type bytes is a file; it travels as base64.
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
        fields = {
            name: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
            for name, value in self.fields.items()
        }
        status = "OK" if self.accepted else "FAIL"
        fixed = {"status": status, "ErrorCode": str(self.code), "ErrorDesc": self.text}
        return json.dumps({**fixed, **fields}, separators=(",", ":")).encode("ascii")


def read_answer(body: bytes, *, needs: str = "") -> Answer:
    """The answer in `body`. `needs`: the field that it must have when it says OK.

    Raises TransientError for anything else than a well-formed OK or FAIL, naming what was found.
    """
    answer = _object(body)
    status = text_of(answer.get("status")).upper()
    code = text_of(answer.get("ErrorCode"))
    sentence = text_of(answer.get("ErrorDesc"))
    if status == "OK":
        if code != Code.OK:
            raise _garbage(f"says OK with ErrorCode {code!r:.40}", body)
        if needs and answer.get(needs) in (None, ""):
            raise _garbage(f"says OK without {needs}", body)
    elif status != "FAIL":
        raise _garbage(f"has the status {status!r:.40}", body)
    elif code in ("", Code.OK):
        raise _garbage(f"says FAIL with ErrorCode {code!r}", body)
    fields = {key: value for key, value in answer.items() if key not in _FIXED}
    return Answer(code, sentence, fields)


def read_data(answer: Answer) -> bytes:
    """The file that an answer carries in `data`, decoded. Raises TransientError if it is not base64."""
    data = answer.fields.get("data")
    if not isinstance(data, str):
        raise TransientError(f"the answer's data is not text but {type(data).__name__}")
    try:
        # Java encoders break lines; nothing else outside the alphabet is believed.
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise TransientError(f"the answer's data is not base64: {wrong}") from wrong


def read_rows(answer: Answer) -> Sequence[Mapping[str, str]]:
    """The list in `data`, every field as text. Raises TransientError if it is not a list of objects."""
    data = answer.fields.get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise TransientError(f"the answer's data is not a list of objects: {data!r:.80}")
    return [{str(key): text_of(value) for key, value in row.items()} for row in data]


def text_of(value: object) -> str:
    """A JSON value as text: servers write codes as numbers, and null for empty."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)


_FIXED: Final = frozenset({"status", "ErrorCode", "ErrorDesc"})


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise _garbage(f"is not JSON ({wrong})", body) from wrong
    if not isinstance(answer, dict):
        raise _garbage(f"is not a JSON object but {type(answer).__name__}", body)
    return answer


def _garbage(what: str, body: bytes) -> TransientError:
    beginning = ascii(body[:80].decode("utf-8", "replace"))
    return TransientError(f"the answer of {len(body)} bytes {what}; it begins with {beginning}")
