"""Progress of long work: a bar on stderr, only where a person sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


def watched() -> bool:
    """Whether a person watches: stderr is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def progress(length: int, label: str) -> Iterator[Callable[[int], None]]:
    """A function to be told how much more is done; `length` is all that there is to do."""
    if not watched():
        yield lambda _steps: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update
