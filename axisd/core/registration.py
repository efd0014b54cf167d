"""Which agencies a system may register and close by itself, and what the file of them then holds.

The policy, closed unless the operator opened it for a system (`registers`): a code of this province that nobody
has in either style, open or closed, or that the same system registered; below an agency that the operator let
this system serve, by what the call says (`pcode`) and by what the code says. What a system registered it
serves. Nothing is taken away: what is closed stays as a row with its last day.

Pure: the view and the rows of the file in, the rows that are to be, or a `Denial`, out. Whether the whole
configuration holds with them is the loader's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from axisd.core.codes import code_above, derived_twin, is_code, level1
from axisd.core.directory import Agency, Directory
from axisd.core.tidy import tidied
from axisd.core.view import View

MOST_ROWS: Final = 500
"""Rows of agencies that one system may have registered, closed ones among them: they stay for ever."""
LONGEST_NAME: Final = 200
"""Characters of a name at most."""
_SHOWN: Final = 40

Rows = tuple[Agency, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a system asks to be registered, as it wrote it. `parent`: "" where it says nothing of it."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why it is not done, for the system's operator. `again`: worth another try later."""

    en: str
    vi: str
    again: bool = False


Decide = Callable[[View, Rows], Rows | Denial]
"""From the view in force and the rows of the file to the rows that it is to hold."""

NOT_MEANT: Final = Denial(
    "Agencies are entered and closed by the operator of the axis, not by this system.",
    "Mã cơ quan do đơn vị vận hành trục cấp và đóng, hệ thống này không tự đăng ký được.",
)


def register(asked: Asked, account: str, view: View, rows: Rows, day: date) -> Rows | Denial:
    """The rows with `asked` in them: a new agency, an own one changed, or an own closed one open again."""
    name, known = tidied(asked.name), view.directory.find(asked.code)
    denial = (
        _against_system(account, view)
        or _against_code(asked.code, view)
        or _against_owner(asked.code, account, view.directory)
        or _against_name(name)
        or _against_place(asked, known, account, view.directory, day)
    )
    if denial is not None:
        return denial
    parent = asked.parent or (known.parent if known else None)
    above = view.directory.find(parent) if parent else _above(asked.code, view.directory)
    assert above is not None, "looked at above"
    rows = _remaining(rows, view.directory)
    own = [row for row in rows if row.code == asked.code]
    if own and (own[-1].valid_to == day or not own[-1].closed_on(day)):
        # As it is now; what it was stays on record in the ledger. One that closed today never closed.
        ends = None if own[-1].closed_on(day) else own[-1].valid_to
        now = replace(own[-1], name=name, parent=above.code, valid_to=ends)
        return _replaced(rows, own[-1], now)
    if sum(row.registered_by == account for row in rows) >= MOST_ROWS:
        return _too_many()
    fresh = Agency(
        code=asked.code,
        name=name,
        parent=above.code,
        # Since when the organ is there nobody said; only what was closed before begins anew.
        valid_from=day if own else None,
        source=f"registered by {account} on {day}",
        registered_by=account,
    )
    return (*rows, fresh)


def close(code: str, account: str, view: View, rows: Rows, day: date) -> Rows | Denial:
    """The rows with the agency behind `code` closed from `day` on; as they are if it was closed before."""
    if (denial := _against_system(account, view)) is not None:
        return denial
    known = view.directory.find(code)
    if known is None or known.registered_by != account:
        return _not_own(code)
    rows = _remaining(rows, view.directory)
    own = [row for row in rows if row.code == known.code]
    if not own or own[-1].closed_on(day):
        return rows
    if own[-1].valid_from == day:  # opened again today: as if it had stayed closed
        return tuple(row for row in rows if row is not own[-1])
    return _replaced(rows, own[-1], replace(own[-1], valid_to=day))


def stands(code: str, account: str, directory: Directory) -> bool:
    """Whether the agency is there as one that `account` registered: another's row of its code wins over it."""
    found = directory.find(code)
    return found is not None and found.registered_by == account


def _against_system(account: str, view: View) -> Denial | None:
    system = view.directory.systems.get(account)
    return None if system is not None and system.registers else NOT_MEANT


def _against_code(code: str, view: View) -> Denial | None:
    top = level1(code)
    # `is_local` would take small letters too: nobody is to have a code that looks like another's.
    if not is_code(code) or top is None or not view.axis.is_local(code):
        return Denial(
            f"{_shown(code)} is not a code of an agency of this axis.",
            f"{_shown(code)} không phải là mã cơ quan thuộc trục này.",
        )
    if code_above(code) is None:
        return Denial(
            f"{code} is a code of level 1; the operator of the axis enters those.",
            f"{code} là mã cấp 1, chỉ đơn vị vận hành trục mới được nhập.",
        )
    return None


def _against_owner(code: str, account: str, directory: Directory) -> Denial | None:
    found = directory.find(code)
    if found is not None and found.code == code and found.registered_by == account:
        return None
    # Derived twins are looked at one by one: one that two agencies share stands for neither in the directory,
    # and a third must not get what was meant for them.
    taken = found or directory.find(derived_twin(code) or "")
    if taken is None and not any(code in {row.twin, derived_twin(row.code)} for row in directory):
        return None
    return Denial(
        f"{code} is a code of another agency, in this style or the other.",
        f"{code} là mã của một cơ quan khác, theo kiểu mã này hoặc kiểu mã kia.",
    )


def _against_name(name: str) -> Denial | None:
    if name and len(name) <= LONGEST_NAME:
        return None
    return Denial(
        f"name is missing, or longer than {LONGEST_NAME} characters.",
        f"Thiếu tên cơ quan (name), hoặc tên dài quá {LONGEST_NAME} ký tự.",
    )


def _against_place(
    asked: Asked, known: Agency | None, account: str, directory: Directory, day: date
) -> Denial | None:
    parent = asked.parent or (known.parent if known else None)
    by_code = _above(asked.code, directory)
    above = directory.find(parent) if parent else by_code
    if above is None:
        named = _shown(parent or asked.code)
        return Denial(
            f"There is no agency above {named} in the directory; name one of yours as pcode.",
            f"Không có cơ quan cấp trên của {named} trong danh mục; hãy ghi pcode là cơ quan của mình.",
        )
    way = _upwards(above, directory, day)
    if not any(_entered_for(account, each, directory) for each in way):
        return _elsewhere(asked.code, above)
    # A code says where it belongs: nobody gets one out of another agency's numbers by naming a parent of his own.
    if by_code is not None and code_above(by_code.code) is not None:
        numbers = _upwards(by_code, directory, day)
        if not any(_entered_for(account, each, directory) for each in numbers):
            return _elsewhere(asked.code, by_code)
    if any(each.code == asked.code for each in way):
        return Denial(
            f"{above.code} is {asked.code} itself, or below it.",
            f"{above.code} chính là {asked.code} hoặc là cấp dưới của nó.",
        )
    if not way[0].open_on(day):
        return Denial(f"{above.code} is not open.", f"{above.code} không còn hoạt động.")
    return None


def _entered_for(account: str, agency: Agency, directory: Directory) -> bool:
    """Whether the operator let the system serve it: what it registered itself gives it nothing more."""
    return not agency.registered_by and directory.serves(account, agency.code)


def _upwards(agency: Agency, directory: Directory, day: date) -> tuple[Agency, ...]:
    """The agency as of `day` and all above it, the nearest first."""
    way: dict[str, Agency] = {}
    above: Agency | None = agency
    while above is not None and above.code not in way:
        here = directory.at(above.code, day) or above
        way[here.code] = here
        above = directory.find(here.parent) if here.parent else _above(here.code, directory)
    return tuple(way.values())


def _above(code: str, directory: Directory) -> Agency | None:
    """The nearest agency above, by the groups of the code."""
    above = code_above(code)
    while above is not None:
        if (found := directory.find(above)) is not None:
            return found
        above = code_above(above)
    return None


def _remaining(rows: Rows, directory: Directory) -> Rows:
    """Without those that an operator has entered into the files of his own."""
    mine = {row.code: directory.find(row.code) for row in rows}
    return tuple(row for row in rows if (found := mine[row.code]) is None or found.registered_by)


def _replaced(rows: Rows, old: Agency, new: Agency) -> Rows:
    return tuple(new if row is old else row for row in rows)


def _elsewhere(code: str, above: Agency) -> Denial:
    return Denial(
        f"{code} belongs under {above.code}, which is not this system's.",
        f"{code} thuộc {above.code}, không phải là cơ quan của hệ thống này.",
    )


def _not_own(code: str) -> Denial:
    return Denial(
        f"{_shown(code)} is no agency that this system has registered.",
        f"{_shown(code)} không phải là cơ quan do hệ thống này đăng ký.",
    )


def _too_many() -> Denial:
    return Denial(
        f"This system has registered {MOST_ROWS} agencies, closed ones among them; the operator of the axis "
        "enters more.",
        f"Hệ thống này đã đăng ký {MOST_ROWS} cơ quan (kể cả đã đóng); hãy đề nghị đơn vị vận hành trục nhập thêm.",
    )


def _shown(code: str) -> str:
    return ascii(code[:_SHOWN])[1:-1]
