"""Answers of the API: JSON in ASCII, of the one shape that every client of the older axis understood.

`status` is Success, Fail (the caller's fault) or Error (ours), `code` a text, `errors` always a list. Every
business outcome is HTTP 200, an outage of ours too: the Java SDK leaks a connection for each other answer to
a GET, and hangs after twenty. Only a caller that is not known gets 401.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from axisd.adapters.edoc.protocol.faults import NO_CREDENTIALS, UNAUTHORIZED, Fault

CONTENT_TYPE: Final = "application/json;charset=UTF-8"


class Status(StrEnum):
    """How a call ended. `FALSE`: the caller is not known."""

    SUCCESS = "Success"
    FAIL = "Fail"
    ERROR = "Error"
    FALSE = "False"


GOOD: Final = "0"
BAD: Final = "9999"
FOUND_OUT: Final = "200"
"""`code` of an answer to checkExistDocument, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `fields`: the operation's own. `errors` None: the operation's success has no such field.
    `known` False: HTTP 401."""

    status: Status
    code: str
    errors: Sequence[Fault] | None = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    known: bool = True

    @property
    def http_status(self) -> int:
        return 200 if self.known else 401

    def encode(self) -> bytes:
        """The body: ASCII, so that no client can get its character set wrong."""
        return json.dumps(self._shape(), separators=(",", ":")).encode("ascii")

    def _shape(self) -> dict[str, Any]:
        shape = {**self.fields, "status": str(self.status), "code": self.code}
        if self.errors is not None:
            shape["errors"] = [{"code": f.code, "description": f.description} for f in self.errors]
        return shape


def success(**fields: Any) -> Answer:
    """What was asked for has been done."""
    return Answer(Status.SUCCESS, GOOD, (), fields)


def failure(faults: Sequence[Fault], fields: Mapping[str, Any], *, ours: bool = False) -> Answer:
    """It has not, for these reasons. `fields`: the operation's own, empty. `ours`: whose fault it is."""
    return Answer(Status.ERROR if ours else Status.FAIL, BAD, faults, {"docId": 0, **fields})


def unknown_caller() -> Answer:
    """No such account, or a wrong token: which of them is nobody's business."""
    return Answer(Status.FALSE, BAD, (UNAUTHORIZED,), known=False)


def nameless_caller(*, organ: bool, token: bool) -> Answer:
    """The headers that say who calls are not there: one error for each that is missing."""
    missing = (NO_CREDENTIALS,) * (2 - organ - token)
    assert missing, "something is missing"
    return Answer(Status.FALSE, BAD, missing, known=False)


def around_file() -> tuple[bytes, bytes]:
    """What stands before and behind the base64 of a file in the answer to getDocument."""
    rest = Answer(Status.SUCCESS, GOOD, errors=None).encode()
    return b'{"data":"', b'",' + rest[1:]
