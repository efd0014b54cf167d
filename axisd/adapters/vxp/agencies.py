"""The directory as the protocol lists it: three forms, written once for each view and day.

The country has more than a hundred thousand agencies: a list is written in a thread, piece by piece, and kept
as the bytes that travel until the directory is another one, or the day is. What has closed is in
`getSynchronizeUnit` alone, marked as deleted. Mail, telephone and fax are not the axis's business, and empty.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Final

from axisd.adapters.vxp.protocol import Answer, Call, Code, Encoded, Refused
from axisd.core.codes import derived_twin, level1
from axisd.core.directory import Agency, Directory
from axisd.core.view import View
from axisd.core.zone import day_of
from axisd.ports import Clock

_LEVELS: Final = range(1, 5)
"""Groups of a code of QĐ 20/2020/QĐ-TTg."""

Rows = Callable[[View, date], Iterator[dict[str, str]]]


class AgencyLists:
    """Answers the three operations that list agencies."""

    def __init__(self, view: Callable[[], View], clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._written: dict[str, Encoded] = {}
        self._of: tuple[Directory, date] | None = None
        self._turn = asyncio.Lock()

    async def agencies(self, _: Call) -> Answer:
        """`getAgenciesList`: every agency that is open today."""
        return await self._answer("all", _agencies)

    async def units(self, _: Call) -> Answer:
        """`getSynchronizeUnit`: every agency there ever was."""
        return await self._answer("units", _units)

    async def qd20(self, call: Call) -> Answer:
        """`getAgenciesListQD20`: the same as `agencies`, under the codes of QĐ 20/2020; of one `level` alone
        where it is given."""
        level = _level(call.parameters.get("level", ""))
        if isinstance(level, Refused):
            return Answer.of(level)
        return await self._answer(f"qd20 {level}", partial(_qd20, level=level))

    async def _answer(self, name: str, rows: Rows) -> Answer:
        async with self._turn:
            view, day = self._view(), day_of(self._clock.now())
            if self._of is None or self._of[0] is not view.directory or self._of[1] != day:
                self._of, self._written = (view.directory, day), {}
            if name not in self._written:
                self._written[name] = await asyncio.to_thread(_encoded, rows, view, day)
            return Answer(fields={"data": self._written[name]})


def _encoded(rows: Rows, view: View, day: date) -> Encoded:
    return Encoded.of(rows(view, day))


def _level(text: str) -> int | Refused:
    text = text.strip()
    if text in {"", "0"}:
        return 0
    if text.isascii() and text.isdecimal() and int(text[:3]) in _LEVELS:
        return int(text)
    return Refused.of(
        Code.INVALID,
        "level is the number of groups of a code, 1 to 4.",
        "level là số cấp của mã, từ 1 đến 4.",
    )


def _open(view: View, day: date) -> Iterator[Agency]:
    for latest in view.directory:
        agency = view.directory.at(latest.code, day)
        if agency is not None and agency.open_on(day):
            yield agency


def _agencies(view: View, day: date) -> Iterator[dict[str, str]]:
    for agency in _open(view, day):
        yield {
            "id": _id(agency.code),
            "pid": _id(agency.parent),
            "code": agency.code,
            "name": agency.name,
            "mail": "",
            "mobile": "",
            "fax": "",
            "oldCode": agency.twin or derived_twin(agency.code) or "",
            "pcode": agency.parent or "",
        }


def _qd20(view: View, day: date, level: int) -> Iterator[dict[str, str]]:
    for agency in _open(view, day):
        code, other = agency.code, agency.twin or derived_twin(agency.code) or ""
        if _is_qcvn102(code):
            code, other = other or code, code
        if level and len(code.split(".")) != level:
            continue
        yield {
            "id": _id(agency.code),
            "code": code,
            "name": agency.name,
            "mail": "",
            "code102": other,
        }


def _units(view: View, day: date) -> Iterator[dict[str, str]]:
    for latest in view.directory:
        agency = view.directory.at(latest.code, day) or latest
        changed = agency.valid_to if agency.closed_on(day) else agency.valid_from
        yield {
            "id": _id(agency.code),
            "pid": _id(agency.parent),
            "code": agency.code,
            "name": agency.name,
            "mail": "",
            "version": str(1 + len(view.directory.former.get(latest.code, ()))),
            "centerCode": view.axis.centre if view.axis.is_local(agency.code) else "",
            "deleted": str(not agency.open_on(day)).lower(),
            "modifyDate": f"{changed:%Y/%m/%d}" if changed is not None else "",
            "isAgency": "true",
        }


def _is_qcvn102(code: str) -> bool:
    """Whether level 1 stands on the right."""
    top = level1(code)
    return top is not None and code.endswith(f".{top}") and not code.startswith(f"{top}.")


def _id(code: str | None) -> str:
    """A number for an agency, as products expect: the same in every list and for ever. "" for none."""
    if not code:
        return ""
    return str(int.from_bytes(hashlib.sha256(code.encode()).digest()[:6], "big") + 1)
