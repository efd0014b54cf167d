"""What other provinces and ministries on the simulated axis do with what they receive: one script for each.

    {"dice": 7,
     "centres": {"00.14.W00": {"statuses": ["01", "03 after 5s..2m", "06 after 1h"],
                               "refuses": "5%", "recalls": ["16 after 10s"], "replies": "10%"}}}

A step is a status, and how long after the step before it comes, by the axis's clock. All mistakes are told at
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError

from axisd.core.envelope import STATUS_CODES
from axisd.errors import ConfigError, Problem
from axisd.simulator.national.behaviour import NEVER, Part, json_of, problems
from axisd.simulator.national.often import Between, Chance, Time

RECALL: Final = "13"
AT_ONCE: Final = Between()


@dataclass(frozen=True, slots=True)
class Step:
    """One status, `after` the step before it."""

    code: str
    after: Between = AT_ONCE

    @classmethod
    def of(cls, value: object) -> Step:
        """`03`, or `03 after 10m`, or `03 after 5m..10m`."""
        if isinstance(value, Step):
            return value
        code, _, after = str(value).partition(" after ")
        if code not in STATUS_CODES or code == RECALL:
            known = ", ".join(known for known in STATUS_CODES if known != RECALL)
            raise ValueError(f"{code!a} is not a status that answers; write one of {known}")
        return cls(code, Between.of(after) if after else AT_ONCE)

    def __str__(self) -> str:
        return f"{self.code} after {self.after}" if self.after.most else self.code


Steps = tuple[
    Annotated[
        Step, BeforeValidator(Step.of), PlainSerializer(str, return_type=str, when_used="json")
    ],
    ...,
]


class Script(Part):
    """What one centre answers."""

    statuses: Steps = Field(
        (Step("01"), Step("03")), description="Statuses about a document, in this order."
    )
    refuses: Chance = Field(NEVER, description="A document is refused instead.")
    refusal: Steps = Field(
        (Step("01"), Step("02")), description="Statuses about a document that is refused."
    )
    recalls: Steps = Field(
        (Step("15"),), description="Answers to a recall; 15 ends what else was to come."
    )
    updates: Steps = Field(
        (), description="Answers to an update or a replacement, before its statuses."
    )
    replies: Chance = Field(NEVER, description="A document is answered by one as well.")
    reply_after: Time = Field(AT_ONCE, description="How long after it came.")


class Scripts(Part):
    """The scripts of several centres. `dice`: the number that everything drawn starts from."""

    dice: int = 0
    centres: dict[str, Script] = Field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path, known: Iterable[str]) -> Self:
        """The scripts in a JSON file, for `known` centres. Raises ConfigError with every mistake."""
        try:
            found = cls.model_validate(json_of(path))
        except ValidationError as wrong:
            raise ConfigError(problems(wrong, str(path))) from wrong
        strange = sorted(found.centres.keys() - set(known))
        if strange:
            raise ConfigError(
                tuple(Problem(str(path), 0, f"centres.{name}: no such centre") for name in strange)
            )
        return found
