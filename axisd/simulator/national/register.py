"""The directory of the simulated axis: who is registered, and a centre's changes to its own agencies."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic import ValidationError

from axisd.adapters.vxp.protocol import Answer, Call, Code, Refused
from axisd.core.codes import derived_twin
from axisd.ports import Clock
from axisd.simulator.national.archive import Archive
from axisd.simulator.national.conventions import stamp
from axisd.simulator.national.records import Member
from axisd.simulator.national.seed import Agency

_FOUR_GROUPS: Final = re.compile(r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[0-9A-Z]{3}", re.ASCII)


class Register:
    """The operations on the directory."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._store = archive.store
        self._clock = clock

    async def agencies(self, _call: Call) -> Answer:
        """Every agency of every centre."""
        members = await self._archive.ask(self._store.members)
        return Answer(fields={"data": [_row(member) for member in members]})

    async def agencies_qd20(self, call: Call) -> Answer:
        """Every agency under its code of QĐ 20/2020; `level` is the number of the code's groups."""
        level = call.parameters.get("level", "")
        rows = [_row_qd20(member) for member in await self._archive.ask(self._store.members)]
        if level.isdecimal() and int(level):
            rows = [row for row in rows if len(row["code"].split(".")) == int(level)]
        return Answer(fields={"data": rows})

    async def units(self, _call: Call) -> Answer:
        """Every agency with what a synchronisation needs: version, centre, and whether it is deleted."""
        members = await self._archive.ask(self._store.members, deleted=True)
        return Answer(fields={"data": [_unit(member) for member in members]})

    async def add(self, call: Call) -> Answer:
        """Registers an agency under the caller, or changes one of the caller's."""
        asked = _asked(call)
        if isinstance(asked, Refused):
            return Answer.of(asked)
        added = await self._archive.ask(self._add, asked)
        if not added:
            text = f"{asked.code} is a code of another agency."
            return Answer.of(Refused(Code.INVALID, text))
        return Answer()

    async def delete(self, call: Call) -> Answer:
        """Takes one of the caller's agencies out of the directory."""
        now = stamp(self._clock.now())
        code = call.parameters["AgencyCode"]
        if await self._archive.ask(self._store.delete, call.system_id, code, now):
            return Answer()
        text = f"There is no agency {code!a} under {call.system_id}."
        return Answer.of(Refused(Code.INVALID, text))

    def _add(self, asked: Agency) -> bool:
        known = self._store.member(asked.code)
        if known is not None:
            if known.centre != asked.centre or known.code != asked.code:
                return False
            # What the call cannot say stays as it is.
            asked = asked.model_copy(update={"twin": known.twin, "locked": known.locked})
        return self._store.register(asked, stamp(self._clock.now()))


def _asked(call: Call) -> Agency | Refused:
    try:
        values: Any = json.loads(call.body)
        return Agency(
            code=values["code"],
            centre=call.system_id,
            parent=values.get("pcode") or "",
            **{name: str(values.get(name) or "") for name in ("name", "mail", "mobile", "fax")},
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ValidationError):
        text = "Send a JSON object with code, name, pcode, mail, mobile and fax."
        return Refused(Code.INVALID, text)


def _row(member: Member) -> dict[str, str]:
    return {
        "id": str(member.id),
        "pid": member.pid,
        "code": member.code,
        "name": member.name,
        "mail": member.mail,
        "mobile": member.mobile,
        "fax": member.fax,
        "oldCode": member.twin,
        "pcode": member.parent,
    }


def _row_qd20(member: Member) -> dict[str, str]:
    code, other = member.code, member.twin
    if _FOUR_GROUPS.fullmatch(code):
        code, other = other or derived_twin(code) or code, code
    return {
        "id": str(member.id),
        "code": code,
        "name": member.name,
        "mail": member.mail,
        "code102": other,
    }


def _unit(member: Member) -> dict[str, str]:
    return {
        "id": str(member.id),
        "pid": member.pid,
        "code": member.code,
        "name": member.name,
        "mail": member.mail,
        "version": str(member.version),
        "centerCode": member.centre,
        "deleted": str(member.deleted).lower(),
        "modifyDate": member.modified,
        "isAgency": "true",
    }
