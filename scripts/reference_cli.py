"""The reference of the command line, from the commands themselves: what `--help` says, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from inspect import cleandoc
from typing import Final

import click

from axisd.cli.exits import Exit
from axisd.cli.main import program

EXITS: Final = {
    Exit.DONE: "done",
    Exit.USAGE: "the command was called wrongly",
    Exit.REFUSED: "refused, or bad input",
    Exit.UNAVAILABLE: "something that was to be talked to is not there",
    Exit.INTEGRITY: "evidence contradicts itself, or something happened that should not have",
    Exit.TEMPORARY: "trying again later can help",
    Exit.CONFIGURATION: "the configuration cannot be used",
    Exit.INTERRUPTED: "stopped with Ctrl-C",
    Exit.BROKEN_PIPE: "whoever read the output went away",
}
COMMON: Final = frozenset({"--debug", "--help"})
"""Options that every command has."""

OPENING: Final = """\
Facts go to stdout, everything else to stderr. `--json` prints facts for machines. Whatever changes
something says what, and needs `--yes` where nobody is there to ask. `-` as a file is stdin or stdout.
Every command has `--help`, and `--debug`, which shows a traceback when something fails. The
configuration is `/etc/axisd/axisd.yaml`, or what `--config` or the variable `AXISD_CONFIG` names."""


def pages(note: str) -> str:
    """The whole page."""
    root = click.Context(program, info_name="axisd")
    parts = ["# Command line", note, OPENING.replace("\n", " "), "## Exit codes"]
    parts.append(_table(("code", "meaning"), [(str(int(c)), EXITS[c]) for c in Exit]))
    for name in program.list_commands(root):
        command = program.get_command(root, name)
        assert command is not None, name
        parts.extend(_command(command, click.Context(command, info_name=name, parent=root), 2))
    return "\n\n".join(parts) + "\n"


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{context.command_path}`"
    first, _, rest = cleandoc(command.help or "").partition("\n\n")
    yield _prose(first)
    if not isinstance(command, click.Group):
        yield from _details(command, context, rest)
        return
    if command.invoke_without_command:
        yield from _details(command, context, rest)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None, name
        yield from _command(inner, click.Context(inner, info_name=name, parent=context), 3)


def _details(command: click.Command, context: click.Context, rest: str) -> Iterator[str]:
    """What one can call, with its examples and options."""
    yield _code(_examples(command))
    if rest:
        yield "\n\n".join(_prose(part) for part in rest.split("\n\n"))
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"`{context.command_path} {usage}`"
    options = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and not COMMON.intersection(parameter.opts)
        and (record := parameter.get_help_record(context))
    ]
    if options:
        yield _table(
            ("option", ""), [(f"`{names}`", escape(text, quote=False)) for names, text in options]
        )


def _examples(command: click.Command) -> list[str]:
    return [f"axisd {line}  # {what}" for line, what in getattr(command, "examples", ())]


def _prose(text: str) -> str:
    return escape(" ".join(text.split()), quote=False)


def _code(lines: Sequence[str]) -> str:
    return "\n".join(["```sh", *lines, "```"])


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---" for _ in headers], *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
