"""How a simulated axis behaves: what it does to documents, and what goes wrong, for all or for one centre.

    {"dice": 7,
     "everywhere": {"delay": "10m..15m", "server_errors": "5%"},
     "centres": {"00.14.W00": {"twin_recipients": true, "lost_answers": "2 of sendEdoc"}}}

What stands under a centre is instead of what stands under `everywhere`. All mistakes are told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from axisd.config.units import Duration
from axisd.errors import ConfigError, Problem
from axisd.simulator.national.often import Between, Chance, Offset, Often, Time

NEVER: Final = Often()


class Part(BaseModel):
    """A part of a file of the simulator: what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Behaviour(Part):
    """What the axis does with what passes through it, and which faults it has. The defaults are what the real
    one is known for when all is well. A document that gets a trace or a twin is written anew in any case.

    Those of the sender's centre: `reserialise` to `twin_recipients`. Those of the recipient's centre: `delay`
    and `duplicates`. The others: those of the centre that calls.
    """

    reserialise: bool = Field(
        True, description="XML is written anew: line ends and attributes change, signatures break."
    )
    trace: bool = Field(True, description="A TraceHeader is appended to documents.")
    trace_organ: str | None = Field(
        "",
        description="Its OrganId: empty for the sender's centre, null for none at all, else this text.",
    )
    twin_recipients: bool = Field(
        False, description="A recipient's other code is added as a second To."
    )
    delay: Time = Field(
        Between(), description="An item is in its recipient's mailbox only after this time."
    )
    duplicates: Chance = Field(
        NEVER, description="A message comes as a second item beside the first."
    )
    skew: Offset = Field(
        timedelta(), description="The times that it writes are off by this: 5m, -2h."
    )
    failing_fetches: Chance = Field(
        NEVER,
        description="getEdoc and downloadEdoc fail (code 20); a number counts for each item by itself.",
    )
    short_lists: Chance = Field(NEVER, description="A list ends early, or is empty.")
    stale_lists: Chance = Field(
        NEVER, description="A list of received items names finished ones as well, five at most."
    )
    wrong_counts: Chance = Field(NEVER, description="A count is off by one to three.")
    mute: Chance = Field(
        NEVER, description="The call is taken and never answered; nothing is done."
    )
    server_errors: Chance = Field(
        NEVER, description="HTTP 500, 502 or 503 and a page for people; nothing is done."
    )
    wrong_secret: Chance = Field(
        NEVER, description="The right secret is called wrong (code 15); nothing is done."
    )
    lost_answers: Chance = Field(
        NEVER, description="Done, and the connection breaks before the answer."
    )
    garbage: Chance = Field(
        NEVER, description="Done, and the answer is a page, half of itself, nothing, or a list."
    )
    slow_bodies: Chance = Field(NEVER, description="Done, and the answer trickles.")
    slow_for: Duration = Field(
        timedelta(seconds=30), description="How long a slow body takes, by the real clock."
    )
    endless_bodies: Chance = Field(NEVER, description="Done, and the answer never ends.")

    @field_validator("trace_organ")
    @classmethod
    def _can_be_written(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("there are characters in it that XML cannot have")
        return value


class Conduct(Part):
    """A behaviour for every centre. `dice`: the number that everything drawn starts from."""

    dice: int = 0
    everywhere: Behaviour = Behaviour()
    centres: dict[str, Behaviour] = {}

    @model_validator(mode="before")
    @classmethod
    def _inherits(cls, value: Any) -> Any:
        """Each centre's behaviour is the common one with what it says itself."""
        if not isinstance(value, dict) or not isinstance(value.get("centres"), dict):
            return value
        common = value.get("everywhere") or {}
        if isinstance(common, Behaviour):
            common = common.model_dump(exclude_unset=True)
        if not isinstance(common, dict):
            return value
        centres = {
            name: {**common, **own} if isinstance(own, dict) else own
            for name, own in value["centres"].items()
        }
        return {**value, "centres": centres}

    def of(self, centre: str) -> Behaviour:
        """How the axis behaves towards `centre`."""
        return self.centres.get(centre, self.everywhere)

    def among(self, known: Iterable[str], source: str) -> Self:
        """This, if it names only centres that are known; else ConfigError, `source` named in it."""
        strange = sorted(self.centres.keys() - set(known))
        if strange:
            wrong = (Problem(source, 0, f"centres.{name}: no such centre") for name in strange)
            raise ConfigError(tuple(wrong))
        return self

    def plain(self) -> dict[str, Any]:
        """As JSON: what differs from the defaults, a centre's only where it differs from everywhere."""
        return {
            "dice": self.dice,
            "everywhere": self.everywhere.model_dump(mode="json", exclude_defaults=True),
            "centres": {
                name: {
                    key: said
                    for key, said in own.model_dump(mode="json").items()
                    if said != self.everywhere.model_dump(mode="json")[key]
                }
                for name, own in self.centres.items()
            },
        }

    def with_faults(self, words: Iterable[str]) -> Self:
        """This with `NAME[=VALUE]` of the command line; `CENTRE/NAME[=VALUE]` for one centre.

        Raises ConfigError with all mistakes.
        """
        plain = self.plain()
        for word in words:
            place, _, said = word.partition("=")
            centre, slash, name = place.rpartition("/")
            behaviour = plain["centres"].setdefault(centre, {}) if slash else plain["everywhere"]
            behaviour[name.strip().replace("-", "_")] = _value(said) if "=" in word else True
        return self.read(plain, "--fault")

    @classmethod
    def read(cls, value: object, source: str) -> Self:
        """Validated, or a ConfigError with every mistake; `source` is named in it."""
        try:
            return cls.model_validate(value)
        except ValidationError as wrong:
            raise ConfigError(problems(wrong, source)) from wrong

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """The conduct in a JSON file. Raises ConfigError with every mistake in it."""
        return cls.read(json_of(path), str(path))


def json_of(path: Path) -> object:
    """What a JSON file says. Raises ConfigError when it cannot be read."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as wrong:
        raise ConfigError((Problem(str(path), wrong.lineno, wrong.msg),)) from wrong
    except (OSError, UnicodeDecodeError, RecursionError) as wrong:
        raise ConfigError((Problem(str(path), 0, str(wrong)),)) from wrong
    return found


def problems(wrong: ValidationError, source: str) -> tuple[Problem, ...]:
    """Every mistake with its place, and without what was written there, which may be a secret."""
    return tuple(
        Problem(source, 0, f"{_place(item['loc'])}: {item['msg']}")
        for item in wrong.errors(include_url=False, include_input=False)
    )


def _place(steps: Iterable[object]) -> str:
    return ".".join(str(step) for step in steps) or "the file"


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
