"""YAML with line numbers, read strictly: every mistake becomes a problem with file and line.

Scalars stay text (an agency code must not become a number, nor `no` a truth value); the model gives
them their types. Duplicate keys, which YAML lets win silently, are refused, and so are keys that are
not plain words and aliases that contain themselves. Nothing is ever instantiated from a tag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from axisd.errors import Problem

Step = str | int
"""A key of a mapping, or an index of a list."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in the text: character offsets, and the column of its first one. A list or
    mapping in block style ends anywhere between its last value and what follows; `flow` ones, in brackets,
    and scalars end at their end. `key`: where its key stands, None for an item of a list."""

    start: int
    end: int
    column: int
    flow: bool
    key: tuple[int, int] | None = None


@dataclass(slots=True)
class Document:
    """`content`: dictionaries, lists, text and None. `lines`: 1-based, by the path from the top. `spans`:
    where each value stands, by the same."""

    file: Path
    content: object = None
    lines: dict[tuple[Step, ...], int] = field(default_factory=dict)
    spans: dict[tuple[Step, ...], Span] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: tuple[Step, ...]) -> int:
        """The line of `path`, or of the nearest thing that contains it; 0 if nothing does."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(path[:length]):
                return line
        return 0

    def problem(self, path: tuple[Step, ...], text: str) -> Problem:
        """A problem at `path`."""
        return Problem(str(self.file), self.line(path), text)


def parse(file: Path, text: str | None = None) -> Document:
    """Reads `file`, or `text` as if it stood there. What is wrong with it is in `problems`; then `content`
    may lack parts, or be None."""
    document = Document(file)
    try:
        text = text if text is not None else file.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except OSError as error:
        document.problems.append(
            Problem(str(file), 0, f"cannot be read: {error.strerror}; name another with --config")
        )
    except UnicodeDecodeError as error:
        document.problems.append(Problem(str(file), 0, f"is not UTF-8 at byte {error.start}"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        tab = line > 0 and any("\t" in row for row in (text or "").split("\n")[line - 1 : line])
        advice = "; there is a tab in it: indent with spaces" if tab else ""
        document.problems.append(Problem(str(file), line, f"is not YAML: {error.problem}{advice}"))
    except yaml.YAMLError as error:
        document.problems.append(Problem(str(file), 0, f"is not YAML: {error}"))
    else:
        if node is not None:
            document.content = _Walk(document).value(node, ())
    return document


class _Walk:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: set[int] = set()

    def value(
        self, node: yaml.Node, path: tuple[Step, ...], key: tuple[int, int] | None = None
    ) -> object:
        start, flow = node.start_mark, bool(getattr(node, "flow_style", True))
        self._document.lines.setdefault(path, start.line + 1)
        self._document.spans[path] = Span(start.index, node.end_mark.index, start.column, flow, key)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            self._refuse(node, "this alias contains itself")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            assert isinstance(node, yaml.SequenceNode), "YAML has three kinds of node"
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: tuple[Step, ...]) -> dict[str, object]:
        content: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_node, "a key must be a plain word")
                continue
            key = str(key_node.value)
            if key in content:
                first = self._document.line((*path, key))
                self._refuse(key_node, f"{key!r} is given twice, first in line {first}; keep one")
                continue
            self._document.lines[*path, key] = key_node.start_mark.line + 1
            named = (key_node.start_mark.index, key_node.end_mark.index)
            content[key] = self.value(value_node, (*path, key), named)
        return content

    def _refuse(self, node: yaml.Node, text: str) -> None:
        self._document.problems.append(
            Problem(str(self._document.file), node.start_mark.line + 1, text)
        )


def _scalar(node: yaml.ScalarNode) -> str | None:
    text = str(node.value)
    # The C loader writes the plain style as "", the Python one as None.
    return None if not node.style and text in {"", "~", "null"} else text
