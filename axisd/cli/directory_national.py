"""What the national axis knows of agencies, for `axisd directory import --national`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import DIRECTORY_OPERATIONS, Bounds, VxpClient
from axisd.cli.exits import BadInput
from axisd.cli.output import note
from axisd.config.agencies import Row
from axisd.config.load import Configuration
from axisd.config.model import NationalSettings
from axisd.config.national_agencies import missing, take
from axisd.errors import ConfigError, Problem
from axisd.ports import ListedAgency

_SHOWN = 5
_DEADLINE = 300.0
"""Seconds for one list: the whole country's is some tens of megabytes."""


async def national_rows(
    loaded: Configuration, target: Path, under: Sequence[str], day: date
) -> list[Row]:
    """Rows for `target`, complete; what is passed over is said. `under`: level-1 codes, () for the local ones."""
    settings = loaded.settings.national
    if settings is None:
        problem = Problem(
            str(loaded.file), 0, "there is no section national: this axis is not joined"
        )
        raise ConfigError((problem,))
    wanted = frozenset(under) or loaded.view.axis.local_level1
    known = loaded.view.directory
    taken = take(await _lists(settings), known, under=wanted, day=day)
    if not taken.rows:
        raise BadInput(
            f"the national axis lists no agency under {', '.join(sorted(wanted))}",
            mend="check the codes given with --under",
        )
    elsewhere = {row.agency.code for row in loaded.sources.rows if row.file != str(target)}
    mine = [row for row in taken.rows if row.agency.code not in elsewhere]
    _say_some("passed over", taken.passed_over)
    unlisted = missing(known, taken.rows, under=wanted, day=day)
    _say_some("not on the national axis", [f"{a.code} {a.name}" for a in unlisted])
    if skipped := len(taken.rows) - len(mine):
        note(f"{skipped} agencies stand in another file; --into that file takes them")
    return mine


async def _lists(settings: NationalSettings) -> list[Sequence[ListedAgency]]:
    url, secret = settings.url.get_secret_value(), settings.secret_file.value.get_secret_value()
    bounds = Bounds(deadline=_DEADLINE)
    async with VxpClient(url, settings.system_id, secret, SystemClock(), bounds) as client:
        return [await client.listed(operation) for operation in DIRECTORY_OPERATIONS]


def _say_some(what: str, items: Sequence[str]) -> None:
    for item in items[:_SHOWN]:
        note(f"{what}: {item}")
    if len(items) > _SHOWN:
        note(f"{what}: {len(items) - _SHOWN} more")
