"""The geometry of charts: numbers in, rectangles out. Drawn by `charts.html.j2`, in black and white.

Everything is in units of the drawing's own view box. What is small but not nothing stays visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 720
"""Of every drawing."""
_LEAST: Final = 1.0
"""How long a bar is at least that stands for something."""


class Bar(NamedTuple):
    """A rectangle. `fill`: `solid`, `hatched` or `open`; `value`: what it stands for."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    value: int


class Mark(NamedTuple):
    """A text at a place, anchored `start`, `middle` or `end`."""

    x: float
    y: float
    text: str
    anchor: str


class Chart(NamedTuple):
    """A drawing of `WIDTH` by `height`. `lines`: horizontal ones, by their y, with the value they stand for."""

    height: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    lines: tuple[tuple[float, int], ...] = ()


class Pair(NamedTuple):
    """Two numbers of one thing, drawn solid and hatched."""

    label: str
    solid: int
    hatched: int


_LEFT, _TOP, _BASE, _TALL = 48.0, 12.0, 172.0, 200.0


def columns(pairs: Sequence[Pair]) -> Chart:
    """A column for each, the hatched part on the solid one; every label where there is room for it."""
    most = max((pair.solid + pair.hatched for pair in pairs), default=0)
    top, step = _ticks(most)
    slot = (WIDTH - _LEFT - 4) / max(len(pairs), 1)
    each = -(-len(pairs) * 34 // int(WIDTH - _LEFT)) or 1
    bars: list[Bar] = []
    marks: list[Mark] = []
    for place, pair in enumerate(pairs):
        x = _LEFT + place * slot + slot * 0.12
        solid, hatched = (_scaled(n, top, _BASE - _TOP) for n in (pair.solid, pair.hatched))
        bars += _present(Bar(x, _BASE - solid, slot * 0.76, solid, "solid", pair.solid))
        bars += _present(
            Bar(x, _BASE - solid - hatched, slot * 0.76, hatched, "hatched", pair.hatched)
        )
        if place % each == 0:
            marks.append(Mark(_LEFT + (place + 0.5) * slot, _BASE + 16, pair.label, "middle"))
    lines = tuple(
        (_BASE - _scaled(value, top, _BASE - _TOP), value) for value in range(0, top + 1, step)
    )
    return Chart(_TALL, tuple(bars), tuple(marks), lines)


_NAMES, _ROW, _THICK = 270.0, 30.0, 11.0


def rows(pairs: Sequence[Pair]) -> Chart:
    """Two bars for each, solid above hatched, behind its label."""
    most = max((max(pair.solid, pair.hatched) for pair in pairs), default=0)
    room = WIDTH - _NAMES - 60
    bars: list[Bar] = []
    marks: list[Mark] = []
    for place, pair in enumerate(pairs):
        y = 4 + place * _ROW
        solid, hatched = (_scaled(n, most, room) for n in (pair.solid, pair.hatched))
        bars += _present(Bar(_NAMES, y, solid, _THICK, "solid", pair.solid))
        bars += _present(Bar(_NAMES, y + _THICK, hatched, _THICK, "hatched", pair.hatched))
        marks.append(Mark(_NAMES - 8, y + 16, pair.label, "end"))
    return Chart(8 + len(pairs) * _ROW, tuple(bars), tuple(marks))


def parts(values: Sequence[tuple[str, int]]) -> Chart:
    """One bar over the whole width, divided as `values` (fill, number) are."""
    total = sum(number for _, number in values)
    bars: list[Bar] = []
    x = 0.0
    for fill, number in values:
        width = (WIDTH - 2) * number / total if total else 0.0
        bars += _present(Bar(1 + x, 1, width, 22, fill, number))
        x += width
    return Chart(24, tuple(bars), ())


def strip(pieces: Iterable[tuple[float, float, str, int]]) -> Chart:
    """One bar over the whole width; `pieces` are (from, to, fill, value) as shares of it."""
    bars = [
        Bar(1 + start * (WIDTH - 2), 1, max((end - start) * (WIDTH - 2), _LEAST), 22, fill, value)
        for start, end, fill, value in pieces
    ]
    return Chart(24, tuple(bars), ())


def _present(bar: Bar) -> list[Bar]:
    return [bar] if bar.value else []


def _scaled(value: int, most: int, room: float) -> float:
    return max(value / most * room, _LEAST) if value and most else 0.0


def _ticks(most: int) -> tuple[int, int]:
    """A round number not below `most`, and a step that divides it into at most five."""
    step = 1
    while step * 5 < most:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return max(-(-most // step), 1) * step, step
