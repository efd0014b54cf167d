"""The agencies that ship with axisd, for sandboxes and for machines that have no configuration."""

from __future__ import annotations

from axisd.config.agencies import read_agencies
from axisd.core.directory import Agency
from axisd.errors import ConfigError, Problem
from axisd.resources import config_path


def shipped_agencies() -> tuple[Agency, ...]:
    """Tây Ninh's agencies and the ministries. Raises ConfigError when the installation is broken."""
    return _read("agencies.csv")


def shipped_first_level() -> tuple[Agency, ...]:
    """The codes of level 1 of the whole country, closed ones too. Raises ConfigError as above."""
    return _read("level1.csv")


def _read(name: str) -> tuple[Agency, ...]:
    problems: list[Problem] = []
    rows = read_agencies(config_path(name), problems)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(row.agency for row in rows)
