"""The operations of the API as one table, and the question that one of them has for a body.

Paths are case-sensitive; a trailing slash and doubled ones are accepted, because clients put them there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from axisd.adapters.edoc.protocol.faults import Fault, bad_request, required

BASE: Final = "EdocService"
_GET: Final = "GET"
_POST: Final = "POST"


@dataclass(frozen=True, slots=True)
class Operation:
    """`code`: what the older axis called its failure. `empty`: its own fields in an answer that has nothing
    to say: clients look for them whatever the status is."""

    name: str
    methods: tuple[str, ...]
    code: str
    empty: Mapping[str, Any] = field(default_factory=dict)


SEND: Final = Operation("sendDocument", (_POST,), "SendDocument")
PENDING: Final = Operation(
    "getPendingDocIds", (_GET, _POST), "GetPending", {"docIDs": [], "data": []}
)
FETCH: Final = Operation("getDocument", (_POST,), "GetDocument", {"data": ""})
CONFIRM: Final = Operation("confirmReceived", (_POST,), "ConfirmReceived")
ORGANIZATIONS: Final = Operation(
    "getOrganizations", (_GET, _POST), "GetOrganizations", {"organizations": []}
)
EXISTS: Final = Operation("checkExistDocument", (_POST,), "CheckExistDocument", {"isExist": False})
NONE: Final = Operation("unknown", (), "BadRequest")
"""Stands for whatever is none of them."""

OPERATIONS: Final[Mapping[str, Operation]] = {
    each.name: each for each in (SEND, PENDING, FETCH, CONFIRM, ORGANIZATIONS, EXISTS)
}


def operation_of(path: str, method: str) -> Operation | Fault:
    """The operation that a request asks for; `path` is what stands behind the base path."""
    name = path.strip("/")
    operation = OPERATIONS.get(name)
    if operation is None:
        shown = ascii(name[:40])
        return bad_request(f"there is no operation {shown}.", f"không có chức năng {shown}.")
    if method not in operation.methods:
        wanted = " / ".join(operation.methods)
        return bad_request(
            f"send {name} as {wanted}.", f"hãy gọi {name} bằng phương thức {wanted}."
        )
    return operation


@dataclass(frozen=True, slots=True)
class Question:
    """What checkExistDocument asks: whether `sender` sent `recipient` a document with this number."""

    sender: str
    recipient: str
    number: str
    notation: str


_FIELDS: Final = ("fromOrgan", "toOrgan", "docCode")


def read_question(body: bytes) -> Question | Fault:
    """The question in the body of checkExistDocument."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        return bad_request("the body is not a JSON object.", "nội dung không phải đối tượng JSON.")
    texts = [_text(asked.get(name)) for name in _FIELDS]
    for name, text in zip(_FIELDS, texts, strict=True):
        if not text:
            return required(name)
    sender, recipient, code = texts
    number, _, notation = code.partition("/")
    return Question(sender, recipient, number.strip(), notation.strip())


def _text(value: object) -> str:
    """A value as text; half a surrogate pair, which JSON can spell and no ledger can hold, becomes "?"."""
    text = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    return text.strip().encode("utf-8", "replace").decode()
