"""Lists of the national axis, row by row, as the ports have them. What a row lacks is ""; one without a number is left
out. Texts are bounded: what others say goes into evidence, receipts and logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axisd.adapters.vxp.protocol import Answer, read_rows
from axisd.core.reconciliation import SentRow, moment_of
from axisd.ports import ListedAgency, NationalItem

DESCRIPTION: Final = 500
"""Characters of a sentence at most, said by us or by them."""
NUMBER: Final = 200
"""Characters of an id or a code of theirs at most."""
_YES: Final = frozenset({"true", "1", "yes"})


def read_items(answer: Answer) -> list[NationalItem]:
    """What waits for us. Raises TransientError where it is no list, as the others do."""
    return [_item(row) for row in read_rows(answer) if row.get("docId")]


def read_sent(answer: Answer, kind: str) -> list[SentRow]:
    """What we sent of `kind`, one row for each recipient."""
    return [
        SentRow(
            number=row["senderDocId"],
            sender=row.get("fromCode", ""),
            recipient=row.get("toCode", ""),
            kind=kind,
            notation=row.get("notation", "")[:NUMBER],
            at=moment_of(row.get("sentTime", "")),
            send_status=row.get("sendStatus", "").lower(),
            send_words=row.get("sendStatusDesc", "")[:DESCRIPTION],
            receive_status=row.get("receiveStatus", "").lower(),
            receive_words=row.get("receiveStatusDesc", "")[:DESCRIPTION],
        )
        for row in read_rows(answer)
        if row.get("senderDocId")
    ]


def _item(row: Mapping[str, str]) -> NationalItem:
    return NationalItem(
        doc_id=row["docId"],
        message_type=row.get("messageType", ""),
        sender=row.get("from", ""),
        recipient=row.get("to", ""),
        created=row.get("created_time", ""),
        status=row.get("status", "").lower(),
    )


def read_agencies(answer: Answer) -> list[ListedAgency]:
    """What the three lists say alike; of getSynchronizeUnit only what is an agency."""
    rows = read_rows(answer)
    codes = {row["id"]: row.get("code", "") for row in rows if row.get("id")}
    return [
        ListedAgency(
            code=row.get("code", ""),
            name=row.get("name", ""),
            other=row.get("code102", "") or row.get("oldCode", ""),
            parent=row.get("pcode", "") or codes.get(row.get("pid", ""), ""),
            deleted=row.get("deleted", "").lower() in _YES,
            modified=row.get("modifyDate", ""),
        )
        for row in rows
        if (row.get("isAgency") or "true").lower() in _YES
    ]
