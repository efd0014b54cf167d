"""Changing the file of systems as text: what an operator wrote between the rows stays as it is.

Pure: text in, text out. Rows are added at the end, changed where they stand, taken out alone; comments and
order stay. Every change is proved: the new text, read again, must hold exactly what it should, and the old
text otherwise. A file that is written in a way that defeats this (aliases, a dash on a line of its own)
raises `EditError` with a sentence, and nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from axisd.config.yamlfile import Document, Step, parse

Value = str | tuple[str, ...]
"""What a setting of a row can be made: a scalar as it is to be read, or a list of them."""

_LIST: Final = "systems"
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/:@-]*", re.ASCII)
_BY_HAND: Final = "it is written in a way that cannot be changed in place; change it by hand"
_NULLS: Final = {"null", "~"}


class EditError(ValueError):
    """The text cannot be changed in place; says why, for an operator."""


def with_row(text: str, row: Mapping[str, Value]) -> str:
    """`text` with one more system, its last."""
    before = _read(text)
    wanted = _copied(before)
    wanted[_LIST] = [*(wanted[_LIST] or ()), {name: _plain(value) for name, value in row.items()}]
    return _proved(_Edit(text, before).add(row), wanted)


def with_setting(text: str, account: str, name: str, value: str) -> str:
    """`text` with one setting of one system made `value`; added at the end of its row if it is not there."""
    before = _read(text)
    at, wanted = _index(before, account), _copied(before)
    wanted[_LIST][at][name] = value
    return _proved(_Edit(text, before).set(at, name, value), wanted)


def without_setting(text: str, account: str, name: str, otherwise: str) -> str:
    """`text` without that setting of that system; made `otherwise` where taking it out would take a comment
    along, or leave its row in disorder."""
    before = _read(text)
    at, wanted = _index(before, account), _copied(before)
    if wanted[_LIST][at].pop(name, None) is None:
        return text
    cut = _Edit(text, before).unset(at, name)
    return with_setting(text, account, name, otherwise) if cut is None else _proved(cut, wanted)


def without_row(text: str, account: str) -> str:
    """`text` without that system; comments stay, also those about it."""
    before = _read(text)
    at, wanted = _index(before, account), _copied(before)
    del wanted[_LIST][at]
    return _proved(_Edit(text, before).remove(at), wanted)


class _Edit:
    """Where things stand in one text."""

    def __init__(self, text: str, document: Document) -> None:
        self._text = text
        self._spans = document.spans
        self._content: Any = document.content

    def add(self, row: Mapping[str, Value]) -> str:
        whole = self._spans[_LIST,]
        count = len(self._content[_LIST] or ())
        if whole.flow and count:
            return self._insert(self._end((_LIST, count - 1)), f", {_flow_row(row)}")
        lines = [f"{name}: {_written(value)}" for name, value in row.items()]
        dash = " " * (whole.column if count else 2)
        block = f"{dash}- " + f"\n{dash}  ".join(lines) + "\n"
        if count:
            return self._insert_line(self._end((_LIST, count - 1)), block)
        # `systems:`, `systems: []`: what stands for nothing goes.
        assert whole.key is not None, "it is a setting of the file"
        head, nothing = self._text[: whole.start], self._text[whole.start : whole.end]
        if "#" in nothing:
            raise EditError(_BY_HAND)
        text = (head.rstrip(" ") if nothing else head) + self._text[whole.end :]
        return _insert_line(text, whole.key[1], block)

    def set(self, at: int, name: str, value: str) -> str:
        there = self._spans.get((_LIST, at, name))
        if there is not None:
            return self._text[: there.start] + _written(value) + self._text[there.end :]
        row = self._spans[_LIST, at]
        end = self._end((_LIST, at))
        if row.flow:
            return self._insert(end - 1, f", {name}: {_written(value)}", before_space=True)
        return self._insert_line(end, f"{' ' * row.column}{name}: {_written(value)}\n")

    def unset(self, at: int, name: str) -> str | None:
        """None where more than the setting would go."""
        path = (_LIST, at, name)
        names = list(self._content[_LIST][at])
        place, span = names.index(name), self._spans[path]
        assert span.key is not None, "it is a setting of a row"
        if place == 0:
            return None
        if self._spans[_LIST, at].flow:
            start = self._end((_LIST, at, names[place - 1]))
            return self._text[:start] + self._text[self._end(path) :]
        start, end = self._line_start(span.key[0]), self._line_end(self._end(path))
        alone = not self._text[start : span.key[0]].strip()
        bare = not self._text[self._end(path) : end].strip()
        return self._text[:start] + self._text[end:] if alone and bare else None

    def remove(self, at: int) -> str:
        whole, row = self._spans[_LIST,], self._spans[_LIST, at]
        count, end = len(self._content[_LIST]), self._end((_LIST, at))
        if whole.flow:
            if at + 1 < count:
                return self._text[: row.start] + self._text[self._spans[_LIST, at + 1].start :]
            start = self._end((_LIST, at - 1)) if at else row.start
            return self._text[:start] + self._text[end:]
        start, end = self._line_start(row.start), self._line_end(end)
        if self._text[:start].endswith("\n\n") and self._text[end : end + 1] == "\n":
            end += 1  # one blank line parts what it parted from both sides
        text = self._text[:start] + self._text[end:]
        if count > 1:
            return text
        assert whole.key is not None, "it is a setting of the file"
        colon = text.index(":", whole.key[1]) + 1
        return f"{text[:colon]} []{text[colon:]}"

    def _end(self, path: tuple[Step, ...]) -> int:
        """Where the last character of a value stands that is its own."""
        span = self._spans[path]
        value = self._at(path)
        if span.flow or not value:
            return span.end
        last: Step = next(reversed(value)) if isinstance(value, dict) else len(value) - 1
        return self._end((*path, last))

    def _at(self, path: tuple[Step, ...]) -> Any:
        value = self._content
        for step in path:
            value = value[step]
        return value

    def _line_start(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        return _line_end(self._text, index)

    def _insert(self, index: int, more: str, *, before_space: bool = False) -> str:
        while before_space and self._text[index - 1] in " \n":
            index -= 1
        return self._text[:index] + more + self._text[index:]

    def _insert_line(self, index: int, more: str) -> str:
        return _insert_line(self._text, index, more)


def accounts(text: str) -> list[str]:
    """The accounts of the systems, in order."""
    return [str(row.get("account")) for row in _rows(_read(text).content) or ()]


def _read(text: str) -> Document:
    document = parse(Path(_LIST), text)
    if document.problems:
        raise EditError(document.problems[0].text)
    return document


def _rows(content: Any) -> list[dict[str, Any]] | None:
    if not isinstance(content, dict) or _LIST not in content:
        raise EditError(f"it has no list under `{_LIST}`")
    rows: list[dict[str, Any]] | None = content[_LIST]
    return rows


def _copied(document: Document) -> Any:
    """The content, to become what is wanted of it."""
    _rows(document.content)
    return deepcopy(document.content)


def _index(document: Document, account: str) -> int:
    for index, row in enumerate(_rows(document.content) or ()):
        if row.get("account") == account:
            return index
    raise EditError(f"it has no system {account}")


def _proved(text: str, wanted: Any) -> str:
    """`text`, if it says what is wanted and nothing else."""
    document = parse(Path(_LIST), text)
    if document.problems or document.content != wanted:
        raise EditError(_BY_HAND)
    return text


def _plain(value: Value) -> Any:
    return value if isinstance(value, str) else list(value)


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    plain = _PLAIN.fullmatch(value) and value not in _NULLS and not value.endswith(":")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _flow_row(row: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{name}: {_written(value)}" for name, value in row.items()) + "}"


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _insert_line(text: str, index: int, more: str) -> str:
    """`more`, which are whole lines, after the line on which `index` stands."""
    end = _line_end(text, index)
    head = text[:end]
    return head + ("" if head.endswith("\n") else "\n") + more + text[end:]
