"""What several operations of the simulated axis agree on: how times are written and days are read, and what
types there are."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Call, Code, Refused
from axisd.core.zone import VIETNAM

_YEAR_FIRST: Final = re.compile(r"(\d{4})[/-](\d{2})[/-](\d{2})", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(\d{2})[/-](\d{2})[/-](\d{4})", re.ASCII)


def day_of(text: str) -> str:
    """The day in `text` as `yyyy/MM/dd`; "" when there is none, which then limits nothing."""
    if match := _YEAR_FIRST.match(text):
        return "/".join(match.groups())
    if match := _DAY_FIRST.match(text):
        return "/".join(reversed(match.groups()))
    return ""


def stamp(moment: datetime) -> str:
    """A time as edXML writes it: `yyyy/MM/dd HH:mm:ss`, Vietnam's, without a zone."""
    return f"{moment.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"


def kind_of(call: Call) -> str | Refused:
    """The message type that a call asks for; Refused (10) for none of the protocol's."""
    if call.parameters["servicetype"].lower() != SERVICE_TYPE.lower():
        return Refused(Code.INVALID, f"servicetype is {SERVICE_TYPE}.")
    kind = call.parameters["messagetype"].lower()
    if kind not in MESSAGE_TYPES.values():
        return Refused(Code.INVALID, "messagetype is edoc or status.")
    return kind
