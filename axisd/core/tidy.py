"""Names as they print: without what cannot be seen. Pure."""

from __future__ import annotations

import re
import unicodedata


def tidied(name: str) -> str:
    """`name` in NFC, without control and format characters, with single spaces and none around it."""
    visible = (
        " " if unicodedata.category(char) in {"Zs", "Zl", "Zp"} else char
        for char in unicodedata.normalize("NFC", name)
        if unicodedata.category(char) not in {"Cc", "Cf"}
    )
    return re.sub(" +", " ", "".join(visible)).strip()
