"""The agencies that ship with axisd, for sandboxes and for machines that have no configuration."""

from __future__ import annotations

from axisd.config.agencies import read_agencies
from axisd.core.directory import Agency
from axisd.errors import ConfigError, Problem
from axisd.resources import config_path


def shipped_agencies() -> tuple[Agency, ...]:
    """Tây Ninh's agencies and the ministries. Raises ConfigError when the installation is broken."""
    problems: list[Problem] = []
    rows = read_agencies(config_path("agencies.csv"), problems)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(row.agency for row in rows)
