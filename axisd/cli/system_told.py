"""How `axisd system` tells what it did: the hand-out, definitions for the broker, whether the daemon knows.

The secret leaves here on stdout, or into the one file that was named for it, which is written before the
secret is set anywhere: a secret that nobody has is worse than one that is not set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from axisd.adapters.amqp import Definitions
from axisd.cli.administration import management_option
from axisd.cli.files import keep_secret
from axisd.cli.frame import config_option, confirmed, json_option, yes_option
from axisd.cli.output import note, say, say_json, visible
from axisd.cli.system_handout import Handout

handout_option = click.option(
    "--handout",
    "handout_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what the integrator gets into this new file (0600) instead of on stdout.",
)
definitions_option = click.option(
    "--definitions",
    "definitions_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Without --apply: write RabbitMQ's definitions into this new file instead of on stdout.",
)
broker_option = click.option(
    "--no-broker", is_flag=True, help="Leave RabbitMQ alone, and say what to do there by hand."
)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would change; change nothing."
)
_F = TypeVar("_F", bound=Callable[..., Any])


def standing_options(command: _F) -> _F:
    """What every verb takes that changes how an enrolled system stands: its account, and how to go about it."""
    for option in (
        json_option,
        config_option,
        yes_option,
        management_option,
        dry_run_option,
        broker_option,
        click.argument("account"),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Manner:
    """How a verb was asked to go about it, and where what it tells goes."""

    dry_run: bool
    yes: bool
    as_json: bool
    handout_file: Path | None = None
    definitions_file: Path | None = None

    def goes_on(self, question: str, facts: Mapping[str, Any], *preview: str) -> bool:
        """Shows what would change, and says whether it is to be changed."""
        if self.as_json:
            if self.dry_run:
                say_json({**facts, "changed": False})
        else:
            for line in preview:
                note(visible(line))
        return not self.dry_run and confirmed(question, yes=self.yes)

    @contextmanager
    def handed_over(self, handout: Handout) -> Iterator[None]:
        """The hand-out is in its file from the start of the block on, and gone again if the block fails."""
        if self.handout_file is None:
            yield
            return
        keep_secret(self.handout_file, handout.text())
        try:
            yield
        except BaseException:
            self.handout_file.unlink(missing_ok=True)
            raise

    def tell(
        self,
        facts: Mapping[str, Any],
        *next_steps: str,
        handout: Handout | None = None,
        definitions: Definitions | None = None,
    ) -> None:
        """What was done, and what is to be done next. `definitions`: what RabbitMQ still has to be given;
        `reloaded` among the facts: whether the daemon has taken the change into use."""
        unwritten = definitions
        if definitions is not None and self.definitions_file is not None:
            keep_secret(self.definitions_file, json.dumps(definitions, indent=2) + "\n")
            unwritten = None
        if self.as_json:
            inline = self.handout_file is None
            shown = {} if handout is None else {"handout": handout.facts(secret=inline)}
            say_json({**facts, "changed": True, **shown, "definitions": unwritten})
            return
        if handout is not None:
            self._tell_handout(handout)
        if unwritten is not None:
            say(json.dumps(unwritten, indent=2))
        if definitions is not None:
            where = self.definitions_file or "this JSON, saved to a file"
            note(f"next: rabbitmqctl import_definitions, with {where}", "warn")
        if "reloaded" in facts:
            _tell_reload(facts)
        for step in next_steps:
            note(visible(step))

    def _tell_handout(self, handout: Handout) -> None:
        if self.handout_file is None:
            say(handout.text().rstrip("\n"))
            note("this is shown once, and the secret nowhere else: hand it over now", "warn")
        else:
            note(
                f"what the integrator gets is in {self.handout_file}: hand it over, then remove it"
            )
        if not handout.certain:
            name = "amqp.public_url" if handout.address.startswith("amqp") else "http.public_url"
            told = f"{handout.address} is what the daemon itself uses: set {name} to tell others"
            note(told, "warn")


def _tell_reload(facts: Mapping[str, Any]) -> None:
    if facts["reloaded"]:
        note("the daemon has taken it into use", "good")
    else:
        note(f"not in use yet: {visible(str(facts['why']))}", "warn")
