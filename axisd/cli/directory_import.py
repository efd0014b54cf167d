"""`axisd directory import`: take a newer list of agencies over, after showing what it changes and breaks.

The list is a file of CSV, or what the national axis answers. Nothing is written without --apply, and then
one file, at one stroke. The daemon puts the change into evidence when it reads the files again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger.store import database
from axisd.cli.directory_impact import Impact, impacts, newly
from axisd.cli.directory_national import national_rows
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisCommand, config_option, confirmed, json_option, yes_option
from axisd.cli.loop import finish
from axisd.cli.output import note, paint, say, say_json
from axisd.cli.reading import ledger_at
from axisd.config.agencies import COLUMNS, Row, read_agencies
from axisd.config.directory import Remark, examine
from axisd.config.import_agencies import Changes, columns_of, compare, write
from axisd.config.load import Configuration, read
from axisd.core.records import OutboxSummary
from axisd.core.zone import day_of
from axisd.errors import AxisError, Problem

_SHOWN = 20
"""New warnings, and agencies that go another way, shown without --all."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What would be written, and what would come of it."""

    target: Path
    changes: Changes
    breaks: tuple[Impact, ...]
    warnings: tuple[Remark, ...]
    before: str


@click.command(
    "import",
    cls=AxisCommand,
    examples=[
        ("directory import new.csv", "what would change; nothing is written"),
        ("directory import level1.csv --merge", "the same, keeping agencies that it does not name"),
        ("directory import new.csv --apply --yes", "write it, without asking"),
        (
            "directory import --national",
            "what the national axis knows of level 1 and of our agencies",
        ),
    ],
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--national", is_flag=True, help="Take the national axis's lists instead of FILE.")
@click.option(
    "--under",
    metavar="CODE",
    multiple=True,
    help="With --national: level-1 code whose agencies are taken; default: the local ones.",
)
@click.option(
    "--into", type=click.Path(path_type=Path), help="Which of the agencies files to change."
)
@click.option("--merge", is_flag=True, help="Keep agencies that FILE does not name.")
@click.option(
    "--apply/--dry-run", "apply", default=False, help="Write the result, or only show it."
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Show every new warning and everything that would go another way.",
)
@yes_option
@config_option
@json_option
def import_(
    file: Path | None,
    national: bool,
    under: tuple[str, ...],
    into: Path | None,
    merge: bool,
    apply: bool,
    everything: bool,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Take over a list of agencies: a file in CSV with axisd's column names, or the national axis's.

    Columns that the list lacks keep what the configured file has. The result is checked as the daemon
    would check it; one that the daemon would refuse is not written. What the change would break is
    shown: open deliveries, systems and certificates of agencies that close or vanish, and who would be
    reached in another way. The national axis's list never removes an agency.
    """
    if (file is None) is not national or (under and not national):
        raise click.UsageError("give either FILE, or --national (alone or with --under)")
    now = SystemClock().now()
    loaded = read(config, day=day_of(now))
    target = _target(loaded, into)
    if file is not None:
        changes = _compared(loaded, target, file, merge=merge)
    else:
        taken = finish(national_rows(loaded, target, under, day_of(now)))
        changes = compare(_kept(loaded, target), taken, COLUMNS, merge=True)
    plan = _planned(loaded, target, changes, now)
    if not as_json:
        _print(plan, everything=everything)
    backup = None
    if apply and changes.any and confirmed(f"Write this to {target}?", yes=yes):
        backup = write(target, [row.agency for row in changes.result], now)
    if as_json:
        say_json(_json(plan, backup))
    elif backup is not None:
        note(f"written; the file as it was is {backup}", "good")
        note(f"before {plan.before}, now {_digest(target)}")
        note("next: axisd config reload; the daemon then puts the change into evidence")
    elif changes.any:
        note("nothing was written; --apply writes it")


def _planned(loaded: Configuration, target: Path, changes: Changes, now: datetime) -> _Plan:
    """Refuses a result that the daemon would not start with."""
    day, is_local = day_of(now), loaded.view.axis.is_local
    others = [row for row in loaded.sources.entered if row.file != str(target)]
    sources = loaded.sources.with_entered((*changes.result, *others))
    errors, warnings = examine(sources, is_local=is_local, day=day)
    _refuse(target, [error.problem for error in errors])
    backlog = _backlog(loaded.settings.ledger.folder) if changes.any else []
    return _Plan(
        target,
        changes,
        tuple(impacts(loaded.view, sources.directory(), backlog, day)),
        newly(loaded.warnings, warnings),
        _digest(target),
    )


def _backlog(folder: Path) -> Sequence[OutboxSummary]:
    """What waits in the outbox; nothing where no daemon has run yet."""
    if not database(folder).is_file():
        return []
    try:
        return finish(_summaries(folder))
    except AxisError as error:
        note(f"the ledger cannot be read, so open deliveries were not looked at: {error}", "warn")
        return []


async def _summaries(folder: Path) -> Sequence[OutboxSummary]:
    async with ledger_at(folder) as reader:
        return await reader.outbox_summary()


def _target(loaded: Configuration, into: Path | None) -> Path:
    files = loaded.settings.directory.agencies
    if into is not None:
        for file in files:
            if file.resolve() == into.resolve():
                return _writable(file)
        raise click.BadParameter(
            f"it is not one of {', '.join(map(str, files))}", param_hint="--into"
        )
    if len(files) > 1:
        names = ", ".join(map(str, files))
        raise click.UsageError(f"say with --into which file to change: {names}")
    return _writable(files[0])


def _writable(file: Path) -> Path:
    if file.suffix.lower() != ".csv":
        raise BadInput(
            f"{file} is not CSV",
            mend="only CSV is written here; YAML has comments to keep: edit it",
        )
    return file


def _compared(loaded: Configuration, target: Path, file: Path, *, merge: bool) -> Changes:
    problems: list[Problem] = []
    source = read_agencies(file, problems, foreign=True)
    first: dict[tuple[str, object], Row] = {}
    for row in source:
        key = (row.agency.code, row.agency.valid_from)
        if first.setdefault(key, row) is not row:
            earlier = first[key].line
            problems.append(
                row.problem(f"{row.agency.code} is already in line {earlier}; keep one")
            )
    _refuse(file, problems)
    ours, others = columns_of(file)
    if others:
        note(f"passed over, for axisd keeps no such column: {', '.join(others)}")
    return compare(_kept(loaded, target), source, ours, merge=merge)


def _kept(loaded: Configuration, target: Path) -> list[Row]:
    return [row for row in loaded.sources.rows if row.file == str(target)]


def _refuse(file: Path, problems: list[Problem]) -> None:
    if not problems:
        return
    for problem in problems:
        note(str(problem))
    raise BadInput(
        f"{len(problems)} problem{'' if len(problems) == 1 else 's'}; nothing was written",
        where=str(file),
        mend="correct the list, or the systems that serve agencies it drops, and import again",
    )


def _print(plan: _Plan, *, everything: bool) -> None:
    changes = plan.changes
    for agency in changes.added:
        say(paint(f"+ {agency.code}  {agency.name}", "good"))
    for agency in changes.removed:
        say(paint(f"- {agency.code}  {agency.name}", "bad"))
    for change in changes.changed:
        was, now = change.old or "(empty)", change.new or "(empty)"
        say(f"~ {change.code}  {change.field}: {was} → {now}")
    if changes.tidied:
        note(
            f"{len(changes.tidied)} names had invisible characters or stray spaces; they are left out"
        )
    say(
        f"{plan.target}: {len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len({change.code for change in changes.changed})} changed"
    )
    warnings = [remark.problem.text for remark in plan.warnings]
    rerouted = [item.text for item in plan.breaks if item.kind == "rerouted"]
    for item in plan.breaks:
        if item.kind != "rerouted":
            say(paint(f"! {item.text}", "warn"))
    for sign, items in (("!", warnings), (">", rerouted)):
        shown = items if everything else items[:_SHOWN]
        for text in shown:
            say(f"{sign} {text}")
        if len(items) > len(shown):
            say(f"{sign} … and {len(items) - len(shown)} more: --all")


def _json(plan: _Plan, backup: Path | None) -> dict[str, Any]:
    changes = plan.changes
    return {
        "file": plan.target,
        "added": [{"code": agency.code, "name": agency.name} for agency in changes.added],
        "removed": [{"code": agency.code, "name": agency.name} for agency in changes.removed],
        "changed": [asdict(change) for change in changes.changed],
        "tidied": list(changes.tidied),
        "breaks": [asdict(item) for item in plan.breaks],
        "warnings": [
            {"kind": remark.kind, "text": remark.problem.text} for remark in plan.warnings
        ],
        "applied": backup is not None,
        "backup": backup,
        "digest_before": plan.before,
        "digest_after": _digest(plan.target) if backup is not None else None,
    }


def _digest(file: Path) -> str:
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
