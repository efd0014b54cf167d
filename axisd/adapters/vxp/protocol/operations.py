"""The operations of the protocol as one table: parameters, body and what an answer must carry.

A parameter that an operation does not take is ignored, whatever it says: the SDK repeats those of its
earlier calls (a stale `docId` on a list call). One that it takes counts only when it was signed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.adapters.vxp.protocol.answers import Code, Refused
from axisd.adapters.vxp.protocol.signing import Signed, not_signed

SERVICE_TYPE: Final = "eDoc"
MESSAGE_TYPES: Final[Mapping[str, str]] = {"document": "edoc", "status": "status"}
"""`messagetype` by our word for the kind of an envelope."""


class BodyKind(StrEnum):
    """`NOTHING`: none, or one that nobody reads. `JSON`: a small object. `FILE`: the edXML."""

    NOTHING = "nothing"
    JSON = "json"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Operation:
    """`answers`: the top-level field beside the fixed three, "" for none. `raw`: the answer is the file
    itself and an empty one means failure. `item`: the fields of one item where `data` is a list. `country`:
    that list may name every agency of the country; `all`: or everything that was ever sent."""

    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    body: BodyKind = BodyKind.NOTHING
    answers: str = ""
    method: str = "POST"
    raw: bool = False
    item: tuple[str, ...] = ()
    country: bool = False
    all: bool = False

    @property
    def brings_file(self) -> bool:
        """Whether `data` is a file as base64."""
        return self.answers == "data" and not self.item


@dataclass(frozen=True, slots=True)
class File:
    """A file that need not be in memory: `read` brings it there."""

    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One verified request: `parameters` by the table's names, all of them signed. The edXML of `sendEdoc` is
    `file` where the server keeps what arrives on disk, else `body`."""

    operation: Operation
    system_id: str
    parameters: Mapping[str, str]
    body: bytes = b""
    file: File | None = None


_LIST: Final = ("servicetype", "messagetype")

OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.name: operation
    for operation in (
        Operation(
            "sendEdoc",
            required=("servicetype", "messagetype", "from", "hash-file"),
            optional=("to", "docId"),
            body=BodyKind.FILE,
            answers="DocId",
        ),
        Operation(
            "getReceivedEdocList",
            required=_LIST,
            optional=("fromDate", "toDate"),
            answers="data",
            item=(
                *("docId", "serviceType", "messageType", "created_time", "updated_time"),
                *("from", "to", "status", "status_desc"),
            ),
        ),
        Operation(
            "getSentEdocList",
            required=_LIST,
            optional=("docId", "fromDate", "toDate"),
            answers="data",
            item=(
                *("senderDocId", "receiverDocId", "fromCode", "toCode", "serviceType"),
                *("messageType", "title", "notation", "sentTime", "receivedTime"),
                *("sendStatus", "sendStatusDesc", "receiveStatus", "receiveStatusDesc"),
            ),
            all=True,
        ),
        Operation(
            "getEdoc",
            required=("docId",),
            optional=("filePath",),
            body=BodyKind.JSON,
            answers="data",
        ),
        Operation(
            "updateStatus",
            required=("docId", "status"),
            optional=("description",),
            body=BodyKind.JSON,
        ),
        Operation(
            "getAgenciesList",
            answers="data",
            item=("id", "pid", "code", "name", "mail", "mobile", "fax", "oldCode", "pcode"),
            country=True,
        ),
        Operation(
            "getAgenciesListQD20",
            optional=("level",),
            answers="data",
            item=("id", "code", "name", "mail", "code102"),
            country=True,
        ),
        Operation(
            "getSynchronizeUnit",
            answers="data",
            item=(
                *("id", "pid", "code", "name", "mail", "version", "centerCode", "deleted"),
                *("modifyDate", "isAgency"),
            ),
            country=True,
        ),
        Operation("registerAgency", body=BodyKind.JSON),
        Operation("deleteAgency", required=("AgencyCode",)),
        Operation("countReceiveEdoc", optional=_LIST, body=BodyKind.JSON, answers="count"),
        Operation("countReceiveStatus", optional=_LIST, body=BodyKind.JSON, answers="count"),
        Operation(
            "downloadEdoc", required=("docId",), optional=("filePath",), method="GET", raw=True
        ),
    )
}


def select(operation: Operation, signed: Signed) -> Mapping[str, str] | Refused:
    """The parameters that `operation` takes out of those that were signed, by the table's names.

    Refused (15) when one was sent without being signed, (10) when a required one is missing.
    """
    chosen: dict[str, str] = {}
    for name in (*operation.required, *operation.optional):
        if name.lower() in signed.values:
            chosen[name] = signed.values[name.lower()]
        elif name.lower() in signed.unsigned:
            return not_signed(name)
        elif name in operation.required:
            return Refused.of(
                Code.INVALID,
                f"{operation.name} needs the parameter {name}.",
                f"{operation.name} thiếu tham số {name}.",
            )
    return chosen
