"""The program `axisd`: which commands there are, and where each lives.

To add a command: write `axisd/cli/<name>.py` with a click command or group called `<name>` (`run_` style
names where Python keeps the word for itself), made of `AxisCommand` or `AxisGroup` from
`axisd.cli.frame`, and give it a row in `COMMANDS`:

    from axisd.cli.frame import AxisGroup, config_option, json_option

    @click.group(cls=AxisGroup, examples=[("outbox list", "what waits, by recipient")])
    def outbox() -> None:
        \"\"\"Deliveries that have not left yet.\"\"\"

    @outbox.command("list", examples=[("outbox list --json", "the same, for machines")])
    @config_option
    @json_option
    def list_(config: Path, as_json: bool) -> None:
        \"\"\"List what waits.\"\"\"
        settings = load(config)      # ConfigError ends the command with 78 by itself
        ...

A command prints facts with `axisd.cli.output.say…` and remarks with `note`. It raises what went wrong:
`AxisError` and its kin carry their exit codes, `axisd.cli.exits.BadInput` is 65. It returns None, or an
`Exit` where what it printed is the finding itself (an envelope that is refused, a chain that is broken).
Files are loaded only when their command is called, so `axisd --help` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from axisd import __version__
from axisd.cli.frame import AxisGroup


class Place(NamedTuple):
    """Where a command lives (`module:attribute`), and its line in the help of the program."""

    target: str
    summary: str


COMMANDS: Final[dict[str, Place]] = {
    "run": Place("axisd.cli.run:run", "Run the axis in the foreground."),
    "config": Place("axisd.cli.config:config", "Check the configuration."),
    "doctor": Place("axisd.cli.doctor:doctor", "Check everything an operator checks first."),
    "check": Place("axisd.cli.check:check", "Check that documents get through; on record."),
    "directory": Place("axisd.cli.directory:directory", "Agencies, and the systems serving them."),
    "system": Place("axisd.cli.system:system", "Systems: enrol, rotate, suspend, remove."),
    "broker": Place("axisd.cli.broker:broker", "Topology and permissions of RabbitMQ."),
    "envelope": Place("axisd.cli.envelope:envelope", "Inspect, sign and build envelopes."),
    "submit": Place("axisd.cli.submit:submit", "Hand an envelope in, as an agency's system does."),
    "inbox": Place("axisd.cli.inbox:inbox", "Read an agency's inbox, as its system does."),
    "receipt": Place("axisd.cli.receipt:receipt", "Verify a receipt, offline."),
    "document": Place("axisd.cli.document:document", "What happened to a document."),
    "report": Place("axisd.cli.report:report", "What went through the axis: day, month, quarter."),
    "outbox": Place("axisd.cli.outbox:outbox", "Deliveries that have not left yet."),
    "mailbox": Place("axisd.cli.mailbox:mailbox", "What agencies behind doors have to fetch."),
    "ledger": Place("axisd.cli.ledger:ledger", "The evidence."),
    "national": Place("axisd.cli.national:national", "The national axis."),
    "conformance": Place(
        "axisd.cli.conformance:conformance", "Whether an agency's system is right."
    ),
    "simulate": Place("axisd.cli.simulate:simulate", "Sandboxes: a province, a national axis."),
}


class Program(AxisGroup):
    """The group of all nouns; it knows their names without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the table: daily work first."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Loads the one command that was asked for."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{place.target} is no command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but the nearest names come from the table."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """One line per noun, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=[
        ("config check", "all problems of the configuration at once"),
        ("doctor", "everything an operator checks first, with the fix"),
        ("envelope inspect FILE", "what the axis would say to an envelope, offline"),
        ("document trace ID", "the timeline of one document"),
    ],
)
@click.version_option(__version__, prog_name="axisd")
def program() -> None:
    """The document axis: signed edXML in, durable delivery, signed receipts out."""


def main(arguments: list[str] | None = None, **keywords: Any) -> None:
    """Runs the command line and ends the process with an exit code of the contract."""
    program.main(args=arguments, prog_name="axisd", **keywords)
