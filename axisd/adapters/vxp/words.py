"""What calls at the door say, read; and what they are answered, in words: times, kinds, states, sentences.

Nothing here knows the ledger or the directory. What a caller wrote wrongly is a `Refused`.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Final

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Call, Code, Refused, sentence
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import ItemState, MailboxItem, SentItem
from axisd.core.reasons import Refusal
from axisd.core.tracewords import DELIVERIES, STATUSES
from axisd.core.wording import Phrase
from axisd.core.writtentime import day_in, moment_in
from axisd.core.zone import VIETNAM
from axisd.service.intake import Settlement

_KINDS: Final = {word: kind for kind, word in MESSAGE_TYPES.items()}
_LONGEST: Final = 100
"""Characters of a caller's own word in a sentence at most."""
_SEVERAL: Final = 5
"""Things to be said of what was accepted that are told one by one; of the others only how many they are."""

_SENT: Final = {
    DeliveryState.QUEUED: "processing",
    DeliveryState.DEFERRED: "processing",
    DeliveryState.HELD: "processing",
    DeliveryState.EXPIRED: "fail",
    DeliveryState.WITHDRAWN: "fail",
}
"""`sendStatus` in the transport's words; where it is not named the axis has done its part."""


_FOREVER: Final = datetime.max.replace(tzinfo=VIETNAM)


def told(refusal: Refusal) -> str:
    """A reason as a sentence, with its code and its line, by which it is found in the documentation."""
    line = f", line {refusal.line}" if refusal.line else ""
    return f"{sentence(refusal.text('en'), refusal.text('vi'))} [{refusal.code}{line}]"


def refused_for(refusal: Refusal) -> Refused:
    """A reason as the protocol answers it."""
    return Refused(refusal.reason.vxp, told(refusal))


def remarks_on(settlement: Settlement) -> str:
    """What is said of what was accepted: recipients that do not get it first, then warnings; "" if nothing is. No receipt
    reaches a system behind a door: this is where it learns of them."""
    refusals = [*(refusal for _, refusal in settlement.refused), *settlement.warnings]
    said = [told(refusal) for refusal in refusals[:_SEVERAL]]
    if (more := len(refusals) - _SEVERAL) > 0:
        said.append(sentence(f"and {more} more", f"và {more} điều khác"))
    return "; ".join(said)


def kind_of(call: Call) -> str | Refused:
    """`document` or `status`, which a call asks for; Refused (10) for anything else."""
    if call.parameters["servicetype"].lower() != SERVICE_TYPE.lower():
        return Refused.of(
            Code.INVALID, f"servicetype is {SERVICE_TYPE}.", f"servicetype phải là {SERVICE_TYPE}."
        )
    kind = _KINDS.get(call.parameters["messagetype"].lower())
    return kind or Refused.of(
        Code.INVALID, "messagetype is edoc or status.", "messagetype phải là edoc hoặc status."
    )


def recipients_of(call: Call) -> tuple[str, ...] | Refused:
    """What `to` names, each code once; empty where it is not given."""
    text = call.parameters.get("to", "").strip()
    if not text:
        return ()
    try:
        codes = json.loads(text)
    except (ValueError, RecursionError):
        codes = None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        return Refused.of(
            Code.INVALID,
            "to is a JSON array of agency codes.",
            "to phải là một mảng JSON gồm các mã cơ quan.",
        )
    # A malformed code is refused by name: no more of it than a sentence can hold.
    return tuple(dict.fromkeys(code.strip()[:_LONGEST] for code in codes if code.strip()))


def period_of(call: Call) -> tuple[datetime | None, datetime | None] | Refused:
    """When listed items came in: from `fromDate` on and before the end of `toDate`; days are Vietnam's. The last day of the
    calendar is how products say that there is no end."""
    bounds = []
    for name, whole_day in (("fromDate", timedelta()), ("toDate", timedelta(days=1))):
        text = call.parameters.get(name, "").strip()
        found = _instant(text, whole_day) if text else None
        if text and found is None:
            return Refused.of(
                Code.INVALID,
                f"{name} is a day as yyyy/MM/dd, or a time as yyyy/MM/dd HH:mm:ss.",
                f"{name} phải là ngày yyyy/MM/dd hoặc thời điểm yyyy/MM/dd HH:mm:ss.",
            )
        bounds.append(found)
    return bounds[0], bounds[1]


def _instant(text: str, whole_day: timedelta) -> datetime | None:
    written = text.replace("-", "/")
    day = day_in(written) or _day_first(written)
    try:
        if day is not None:
            return datetime.combine(day, time(), VIETNAM) + whole_day
    except OverflowError:
        return _FOREVER
    return moment_in(written) or moment_in(text)


def _day_first(text: str) -> date | None:
    """`dd/MM/yyyy`, as Vietnamese write it."""
    day, _, rest = text.partition("/")
    month, _, year = rest.partition("/")
    return day_in(f"{year}/{month}/{day}")


def stamp(moment: datetime | None) -> str:
    """A time as edXML writes it: `yyyy/MM/dd HH:mm:ss`, Vietnam's; "" for none."""
    return f"{moment.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}" if moment is not None else ""


def received_row(item: MailboxItem) -> dict[str, str]:
    """One item of `getReceivedEdocList`."""
    return {
        "docId": item.id,
        "serviceType": SERVICE_TYPE,
        "messageType": MESSAGE_TYPES[item.kind],
        "created_time": stamp(item.created_at),
        "updated_time": stamp(item.updated_at),
        "from": item.sender,
        "to": item.recipient,
        "status": item.state,
        "status_desc": item.cause,
    }


def sent_row(item: SentItem) -> dict[str, str]:
    """One item of `getSentEdocList`: one recipient of one message. A business status says more than that
    something arrived, so it stands where the recipient sent one."""
    refused_by_recipient = item.state is DeliveryState.REJECTED and item.status == "02"
    failed = item.state is DeliveryState.REJECTED and not refused_by_recipient
    arrived = "done" if item.received_at is not None else "initial"
    said = STATUSES.get(item.status)
    return {
        "senderDocId": item.submission_id,
        "receiverDocId": item.delivery_id,
        "fromCode": item.sender,
        "toCode": item.recipient,
        "serviceType": SERVICE_TYPE,
        "messageType": MESSAGE_TYPES[item.kind],
        "title": item.title,
        "notation": item.notation,
        "sentTime": stamp(item.sent_at),
        "receivedTime": stamp(item.received_at),
        "sendStatus": "fail" if failed else _SENT.get(item.state, "done"),
        "sendStatusDesc": _words(DELIVERIES[item.state])
        + (f" [{item.reason}]" if item.reason else ""),
        "receiveStatus": item.status or arrived,
        "receiveStatusDesc": _words(said) if said is not None else "",
    }


def _words(phrase: Phrase) -> str:
    return sentence(phrase.en, phrase.vi)


TRANSPORT: Final = {
    "processing": ItemState.PROCESSING,
    "done": ItemState.DONE,
    "fail": ItemState.FAIL,
}
"""What a system may say of an item."""
