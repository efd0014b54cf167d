"""What every command has in common: its help, its options, its failures.

Help opens with what the command is for and examples of its use; options come after. A group without a
verb prints its help. A wrong name is answered with the nearest right one. Whatever a command raises is
reported by `axisd.cli.failure` and becomes an exit code of the contract.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import click

from axisd.cli.exits import Exit
from axisd.cli.failure import DEBUG, report
from axisd.cli.output import note, paint

DEFAULT_CONFIG: Final = "/etc/axisd/axisd.yaml"
"""Where the configuration lies when neither `--config` nor AXISD_CONFIG names it."""

Examples = Sequence[tuple[str, str]]
"""Pairs of a command line (without the leading `axisd`) and what it does."""


def _set_debug(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        DEBUG.set(True)


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_debug,
        help="Show a traceback when something fails.",
    )


config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="AXISD_CONFIG",
    show_default=True,
    metavar="FILE",
    help="The configuration of the axis.",
)
"""Gives a command its `config: Path`. Whether the file is there is for the loader to say."""

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the facts as JSON, for machines."
)
"""Gives a command its `as_json: bool`."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask; do it.")
"""Gives a mutating command its `yes: bool`, to be passed to `confirmed`."""


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether to go on: `--yes`, or a person at a terminal who says so. A script without `--yes` ends as usage."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("this changes something and nobody is there to ask: give --yes")
    return click.confirm(question, err=True)


class _Framed(click.Command):
    """Help and failures in the house's way; shared by commands and groups."""

    examples: Examples = ()

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What it is for, examples, then usage and options."""
        opening, _, rest = cleandoc(self.help or "").partition("\n\n")
        if opening:
            formatter.write_text(" ".join(opening.split()))
        if self.examples:
            with formatter.section(paint("Examples", "strong")):
                formatter.write_dl([(f"axisd {line}", what) for line, what in self.examples])
        formatter.write_paragraph()
        self.format_usage(ctx, formatter)
        if rest:
            formatter.write_paragraph()
            formatter.write_text(rest)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the program and ends with an exit code of the contract."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._ended(args, prog_name, complete_var, **extra))

    def _ended(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        **extra: Any,
    ) -> int:
        DEBUG.set(False)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as bare:
            click.echo(bare.message)
            return Exit.DONE
        except click.Abort:
            note("stopped")
            return Exit.INTERRUPTED
        except (
            SystemExit
        ):  # click's way to end when the reader of a pipe is gone; commands never do this
            return Exit.BROKEN_PIPE
        except Exception as error:  # noqa: BLE001 - the outermost place: everything becomes a report
            return report(error)
        return code if isinstance(code, int) else Exit.DONE


class AxisCommand(_Framed):
    """A verb. `examples` open its help."""

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.params.append(_debug_option())


class AxisGroup(_Framed, click.Group):
    """A noun with verbs. Without a verb it prints its help."""

    command_class = AxisCommand
    group_class = type

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.params.append(_debug_option())
