"""Who is on a simulated national axis, and how it behaves: one JSON file, or one value.

    {"centres":  [{"system_id": "00.53.W00", "secret": "…", "name": "Tây Ninh"}],
     "agencies": [{"code": "000.00.11.H53", "twin": "H53.11", "name": "Sở Tài chính",
                   "centre": "00.53.W00", "parent": "000.00.00.H53"}],
     "behaviour": {"twin_recipients": true}}

All mistakes of a file are told at once, as one ConfigError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, field_validator, model_validator

from axisd.core.codes import is_code
from axisd.errors import ConfigError
from axisd.simulator.national.behaviour import Behaviour, Conduct, Part, json_of, problems


class Centre(Part):
    """A system that calls: an axis of a province or a ministry, with the secret it signs with."""

    system_id: str
    secret: str = Field(min_length=1, repr=False)
    name: str = ""

    @field_validator("system_id")
    @classmethod
    def _is_code(cls, text: str) -> str:
        return _code(text)


class Agency(Part):
    """An agency registered under a centre. `twin`: its code in the other style. `locked`: refused as a
    recipient, with code 23."""

    code: str
    centre: str
    twin: str = ""
    name: str = ""
    parent: str = ""
    mail: str = ""
    mobile: str = ""
    fax: str = ""
    locked: bool = False

    @field_validator("code", "twin", "parent")
    @classmethod
    def _is_code(cls, text: str) -> str:
        return _code(text) if text else text


class Seed(Part):
    """What a simulated axis starts with. What was registered later survives a restart beside it.

    `behaviour`: how the axis behaves towards every centre, where nothing else is said (`Conduct`).
    """

    centres: tuple[Centre, ...] = ()
    agencies: tuple[Agency, ...] = ()
    behaviour: Behaviour = Behaviour()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        known = {centre.system_id for centre in self.centres}
        wrong = [f"{code} is there twice" for code in _repeated(c.system_id for c in self.centres)]
        wrong += [f"{code} is there twice" for code in _repeated(a.code for a in self.agencies)]
        wrong += [
            f"agency {agency.code} names the centre {agency.centre!a}, which is not there"
            for agency in self.agencies
            if agency.centre not in known
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def conduct(self) -> Conduct:
        """Its behaviour, towards everybody."""
        return Conduct(everywhere=self.behaviour)

    @classmethod
    def read(cls, path: Path) -> Seed:
        """The seed in a JSON file. Raises ConfigError with every mistake in it."""
        try:
            return cls.model_validate(json_of(path))
        except ValidationError as wrong:
            raise ConfigError(problems(wrong, str(path))) from wrong


def _code(text: str) -> str:
    if not is_code(text):
        raise ValueError(f"{text!a} is not an agency code")
    return text


def _repeated(codes: Iterable[str]) -> list[str]:
    return [code for code, times in Counter(codes).items() if times > 1]
