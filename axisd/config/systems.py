"""Systems from a YAML file: accounts, how they connect, and the agencies that they serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from axisd.config.agencies import Pin, Pinned
from axisd.config.files import Base, Secrets, SecretsFile
from axisd.config.model import Code, Section, setting
from axisd.config.problems import problems_of
from axisd.config.units import Called, Size
from axisd.config.yamlfile import Document, parse
from axisd.core.allowance import Allowance
from axisd.core.directory import Channel, Profile, System
from axisd.errors import Problem

Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
"""A broker account: it stands in permissions and file names, so it is kept plain."""


class Served(Section):
    """One agency that a system serves, and what that agency signs with."""

    code: Code = setting("Code of the agency.")
    certificates: tuple[Pin, ...] = setting(
        "Pinned certificates: PEM files, or hex SHA-256 of a certificate or public key.", default=()
    )


def _served(value: Any) -> Any:
    """A code alone is short for an agency without pinned certificates."""
    return {"code": value} if isinstance(value, str) else value


ServedOrCode = Annotated[
    Served,
    BeforeValidator(_served),
    Called("agency code, or section with `code` and `certificates`"),
]


class LimitsRow(Section):
    """What a system may hand in, and how fast; what is not given is not limited."""

    rate: float | None = setting(
        "Submissions a second, over time. What goes beyond is refused, and worth another try.",
        default=None,
        gt=0,
        le=100_000,
    )
    burst: int | None = setting(
        "How many may come at once where the rate is limited; without it, what the rate gives in ten seconds.",
        default=None,
        ge=1,
        le=1_000_000,
    )
    size: Size | None = setting(
        "Size of an envelope, below inspection.limits.envelope.", default=None, ge=1024
    )
    outstanding: int | None = setting(
        "Deliveries of its submissions that have not left yet. While there are as many, what it hands in is"
        " refused, and worth another try.",
        default=None,
        ge=1,
    )

    @model_validator(mode="after")
    def _burst_of_a_rate(self) -> LimitsRow:
        if self.burst is not None and self.rate is None:
            raise ValueError("burst is how many may come at once of a limited rate; give rate too")
        return self

    def allowance(self) -> Allowance:
        """The value that the core works with."""
        return Allowance(self.size, self.rate, self.burst, self.outstanding)


class SystemRow(Section):
    """Connected software."""

    account: Account = setting("Account on the broker, or systemid at the door.")
    channel: Channel = setting("How it sends and receives: amqp, vxp or edoc.")
    agencies: tuple[ServedOrCode, ...] = setting(
        "The agencies that it serves: codes, or sections with code and certificates."
    )
    profile: Profile = setting(
        "What is asked of signatures: required, if-present or recorded.", default=Profile.REQUIRED
    )
    suspended: bool = setting("Refuse what it submits; deliveries to it go on.", default=False)
    probe: bool = setting(
        "Whether the interconnection check places probes in its inboxes, which it has to ignore.",
        default=True,
    )
    secret_file: Secrets | None = setting(
        "Channels vxp and edoc: file with the system's secret (vxp: what it signs its calls with) or "
        "token (edoc). Several lines are several secrets, all of them valid, for the time of a change.",
        default=None,
    )
    registers: bool = setting(
        "Channel vxp: let it register and close agencies below those that it serves. "
        "Asks for `directory.registered`.",
        default=False,
    )
    limits: LimitsRow = setting(
        "What it may hand in, and how fast; without it, what everybody may.", default=LimitsRow()
    )

    @model_validator(mode="after")
    def _secret_where_one_is_asked(self) -> SystemRow:
        if self.channel is Channel.AMQP and self.secret_file is not None:
            raise ValueError(
                "secret_file is for vxp and edoc; over amqp the broker has the password"
            )
        if self.channel is not Channel.AMQP and self.secret_file is None:
            raise ValueError(
                f"a system with the channel {self.channel} needs secret_file: a file with its secret"
            )
        return self

    @model_validator(mode="after")
    def _registers_at_its_door(self) -> SystemRow:
        if self.registers and self.channel is not Channel.VXP:
            raise ValueError("registers is for vxp: the other channels have no call for it")
        return self

    def system(self) -> System:
        """The value that the core works with."""
        codes = tuple(served.code for served in self.agencies)
        return System(
            self.account,
            self.channel,
            codes,
            self.profile,
            self.suspended,
            self.probe,
            self.limits.allowance(),
            self.registers,
        )


class SystemsFile(Section):
    """The systems file."""

    systems: tuple[SystemRow, ...] = setting("The systems.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The systems in the order of the file, the pins of their agencies (row, agency code, pins), and the
    files with the valid secrets of those that have any, by account."""

    document: Document
    systems: tuple[System, ...] = ()
    pins: tuple[tuple[int, str, tuple[Pinned, ...]], ...] = ()
    secret_files: Mapping[str, SecretsFile] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> Mapping[str, tuple[SecretStr, ...]]:
        """The secrets alone."""
        return {account: file.values for account, file in self.secret_files.items()}

    def problem(self, row: int, text: str) -> Problem:
        """A problem at the system in `row`."""
        return self.document.problem(("systems", row), text)


def read_systems(
    file: Path, problems: list[Problem], instead: Mapping[Path, str] | None = None
) -> Enrolment:
    """The systems of `file`; what is wrong is added to `problems`. `instead`: what this file, and files of
    secrets, are to be read as if they held."""
    document = parse(file, (instead or {}).get(file))
    problems.extend(document.problems)
    try:
        content = SystemsFile.model_validate(document.content, context=Base.of(file, instead))
    except ValidationError as error:
        problems.extend(problems_of(error, document, SystemsFile))
        return Enrolment(document)
    return Enrolment(
        document,
        tuple(row.system() for row in content.systems),
        tuple(
            (index, served.code, served.certificates)
            for index, row in enumerate(content.systems)
            for served in row.agencies
            if served.certificates
        ),
        {row.account: row.secret_file for row in content.systems if row.secret_file},
    )
