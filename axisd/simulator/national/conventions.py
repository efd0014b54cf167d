"""What several operations of the simulated axis agree on: how times are written, and what types there are."""

from __future__ import annotations

from datetime import datetime

from axisd.adapters.vxp.protocol import MESSAGE_TYPES, SERVICE_TYPE, Call, Code, Refused
from axisd.core.zone import VIETNAM


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
