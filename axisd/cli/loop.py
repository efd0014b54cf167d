"""Runs what a command has to wait for, on the event loop that the daemon uses too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from axisd.cli.failure import DEBUG
from axisd.errors import AxisError

_T = TypeVar("_T")


def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Runs `work` to its end. Ctrl-C cancels it first, so that connections and files are closed.

    What failed inside a TaskGroup comes out as the one error of ours that it stands for. What libraries
    log is for the daemon, which sets logging up; a command says itself what went wrong.
    """
    if not (DEBUG.get() or logging.getLogger().hasHandlers()):
        logging.getLogger().addHandler(logging.NullHandler())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(work)
        except BaseExceptionGroup as group:
            raise _told(group) from group


def _told(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of ours in `group` if there are no others; the group itself if there are."""
    found = list(_leaves(group))
    ours = [error for error in found if isinstance(error, AxisError)]
    return ours[0] if len(ours) == len(found) else group


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]
