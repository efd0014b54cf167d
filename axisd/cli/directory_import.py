"""`axisd directory import`: take a newer list of agencies over, after showing what it changes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from axisd.adapters.clock import SystemClock
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisCommand, config_option, confirmed, json_option, yes_option
from axisd.cli.output import note, paint, say, say_json
from axisd.config.agencies import Row, read_agencies
from axisd.config.directory import Sources, examine
from axisd.config.import_agencies import Changes, columns_of, compare, write
from axisd.config.load import Configuration, read
from axisd.core.zone import day_of
from axisd.errors import Problem


@click.command(
    "import",
    cls=AxisCommand,
    examples=[
        ("directory import new.csv", "what would change; nothing is written"),
        ("directory import level1.csv --merge", "the same, keeping agencies that it does not name"),
        ("directory import new.csv --apply --yes", "write it, without asking"),
    ],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into", type=click.Path(path_type=Path), help="Which of the agencies files to change."
)
@click.option("--merge", is_flag=True, help="Keep agencies that FILE does not name.")
@click.option(
    "--apply/--dry-run", "apply", default=False, help="Write the result, or only show it."
)
@yes_option
@config_option
@json_option
def import_(
    file: Path, into: Path | None, merge: bool, apply: bool, yes: bool, config: Path, as_json: bool
) -> None:
    """Take over a list of agencies in CSV, with axisd's column names.

    Columns that FILE lacks keep what the configured file has. The result is checked as the daemon
    would check it; one that the daemon would refuse is not written.
    """
    clock = SystemClock()
    loaded = read(config, day=day_of(clock.now()))
    target = _target(loaded, into)
    changes = _compared(loaded, target, file, merge=merge)
    _checked(loaded, target, changes)
    backup = None
    if not as_json:
        _print(changes, target)
    if apply and changes.any and confirmed(f"Write this to {target}?", yes=yes):
        backup = write(target, [row.agency for row in changes.result], clock.now())
    if as_json:
        say_json(_json(changes, target, backup))
    elif backup is not None:
        note(f"written; the file as it was is {backup}", "good")
        note("next: systemctl reload axisd")
    elif changes.any:
        note("nothing was written; --apply writes it")


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
    first: dict[str, Row] = {}
    for row in source:
        if first.setdefault(row.agency.code, row) is not row:
            earlier = first[row.agency.code].line
            problems.append(
                row.problem(f"{row.agency.code} is already in line {earlier}; keep one")
            )
    _refuse(file, problems)
    kept = [row for row in loaded.sources.rows if row.file == str(target)]
    ours, others = columns_of(file)
    if others:
        note(f"passed over, for axisd keeps no such column: {', '.join(others)}")
    return compare(kept, source, ours, merge=merge)


def _checked(loaded: Configuration, target: Path, changes: Changes) -> None:
    """Refuses a result that the daemon would not start with."""
    others = [row for row in loaded.sources.rows if row.file != str(target)]
    sources = Sources((*changes.result, *others), loaded.sources.enrolment)
    errors, _ = examine(
        sources, is_local=loaded.view.axis.is_local, day=day_of(SystemClock().now())
    )
    _refuse(target, [error.problem for error in errors])


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


def _print(changes: Changes, target: Path) -> None:
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
        f"{target}: {len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len({change.code for change in changes.changed})} changed"
    )


def _json(changes: Changes, target: Path, backup: Path | None) -> dict[str, Any]:
    return {
        "file": target,
        "added": [{"code": agency.code, "name": agency.name} for agency in changes.added],
        "removed": [{"code": agency.code, "name": agency.name} for agency in changes.removed],
        "changed": [asdict(change) for change in changes.changed],
        "tidied": list(changes.tidied),
        "applied": backup is not None,
        "backup": backup,
    }
