"""Agency codes: what they look like, and what may never be in them.

Two styles live together: QCVN 102 (four groups, level 1 right-most, `000.00.11.H53`; QĐ 28/2018/QĐ-TTg
Điều 10.2a) and QĐ 20/2020/QĐ-TTg (level 1 left-most, `H53.11`, at most 35 characters of `0-9 A-Z .`).
Real traffic also has test tenants (`vxp.saas.03`) and centres (`00.53.W00`), so the form is checked
loosely: a code is whatever the directory knows, made of visible ASCII that cannot break a routing key.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 35
"""Characters of a code at most (QĐ 20/2020/QĐ-TTg)."""

_CODE = re.compile(r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*", re.ASCII)
_QCVN102 = re.compile(r"([0-9A-Z]{3})\.([0-9A-Z]{2})\.([0-9A-Z]{2})\.([A-Z0-9]{3})", re.ASCII)
_QD20 = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]+){0,3}", re.ASCII)
_CENTRE = re.compile(r"[0-9]{2}\.[0-9]{2}\.W[0-9]{2}", re.ASCII)


def is_code(text: str) -> bool:
    """Whether `text` can be an agency code at all: no zero-width, control or wildcard characters."""
    return len(text) <= MAX_LENGTH and _CODE.fullmatch(text) is not None


def is_centre(code: str) -> bool:
    """Whether `code` names a centre, that is an axis (`00.53.W00`)."""
    return _CENTRE.fullmatch(code) is not None


def level1(code: str) -> str | None:
    """The level-1 part of a code in either style (`H53`), or None where the style has none."""
    if match := _QCVN102.fullmatch(code):
        return match[4]
    if _QD20.fullmatch(code):
        return code.split(".", 1)[0]
    return None


def code_above(code: str) -> str | None:
    """The code one level up, by the groups of `code`; None for level 1, and where the style has no levels."""
    if match := _QCVN102.fullmatch(code):
        groups = list(match.groups())
        for index, group in enumerate(groups[:-1]):
            if group.strip("0"):
                groups[index] = "0" * len(group)
                return ".".join(groups)
        return None
    return code.rpartition(".")[0] or None if _QD20.fullmatch(code) else None


def derived_twin(code: str) -> str | None:
    """The same organ's code in the other style: groups reversed, zero groups dropped or filled in.

    Plausible, not guaranteed (`spec/edxml.md` §6): a twin in the directory wins over this one.
    Returns None for a code of neither style or one that the other style cannot hold.
    """
    if match := _QCVN102.fullmatch(code):
        parts = [part for part in reversed(match.groups()) if part.strip("0")]
        return ".".join(parts)
    if _QD20.fullmatch(code):
        groups = code.split(".")
        widths = (3, 2, 2, 3)
        padded = [*reversed(groups)]
        padded = ["0" * width for width in widths[: 4 - len(padded)]] + padded
        if all(len(part) == width for part, width in zip(padded, widths, strict=True)):
            return ".".join(padded)
    return None
