"""Loading the configuration: the daemon at its start and at a reload, and `axisd config check`.

`read` finds every mistake it can before it gives up: in the file, in what the file names, in the
directory, and in how these fit together. It raises `ConfigError` with all of them, each with file and
line. The files are read once, here; afterwards nobody looks at them until the next reload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr, ValidationError

from axisd.config.calendar import build_calendar, check_agencies, read_exceptions
from axisd.config.check_certificates import authority_remarks, pin_remarks
from axisd.config.check_registered import registered_remarks
from axisd.config.directory import Remark, Sources, examine, read_sources
from axisd.config.edoc import check_edoc
from axisd.config.files import Base
from axisd.config.model import CalendarSettings, DirectorySettings, Section, Settings
from axisd.config.probe import check_probe
from axisd.config.problems import problems_of
from axisd.config.view import axis_of, build_view
from axisd.config.yamlfile import Document, parse
from axisd.core.view import View
from axisd.errors import ConfigError, Problem

SectionT = TypeVar("SectionT", bound=Section)


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that one load gave. `warnings`: what the operator should know, and the daemon can live with."""

    file: Path
    settings: Settings
    sources: Sources
    view: View
    warnings: tuple[Remark, ...]

    @property
    def secrets(self) -> Mapping[str, tuple[SecretStr, ...]]:
        """The valid secrets of systems behind doors, by account: for the doors alone, never to be shown.
        An account without a door has none."""
        return self.sources.enrolment.secrets


def load(file: Path) -> Settings:
    """The settings alone, without the directory. Raises ConfigError with all problems."""
    document = parse(file)
    problems = list(document.problems)
    settings = _settings(document, problems)
    if settings is None or problems:
        raise ConfigError(tuple(problems))
    return settings


def read(
    file: Path, *, day: date, version: int = 1, instead: Mapping[Path, str] | None = None
) -> Configuration:
    """Settings, directory and view. `day` is today, for the directory's dates; `version` counts loads.
    `instead`: what the file of systems, files of their secrets, and the file of registered agencies are to be
    read as if they held: so a change is judged before it is made.

    Raises:
        ConfigError: with every problem that was found, in the order of the files.
    """
    document = parse(file)
    problems = list(document.problems)
    settings = _settings(document, problems)
    named = settings.directory if settings else _section(document, "directory", DirectorySettings)
    sources, warnings = _sources(named, settings, day, problems, instead) if named else (None, ())
    working = settings.calendar if settings else _section(document, "calendar", CalendarSettings)
    file_of_days = working.exceptions if working else None
    exceptions = read_exceptions(file_of_days, problems) if file_of_days else {}
    if problems or settings is None or sources is None:
        raise ConfigError(tuple(problems))
    directory = sources.directory()
    problems.extend(check_agencies(settings.calendar, directory, document))
    problems.extend(check_probe(settings.check, directory, document))
    problems.extend(check_edoc(settings.edoc, directory, document))
    if problems:
        raise ConfigError(tuple(problems))
    calendar = build_calendar(settings.calendar, exceptions, directory, day)
    view = build_view(settings, directory, calendar, version)
    warnings = (
        *warnings,
        *registered_remarks(sources, settings.directory),
        *pin_remarks(sources, directory, day),
        *authority_remarks(settings.trust, document, day),
    )
    return Configuration(file, settings, sources, view, warnings)


def _sources(
    named: DirectorySettings,
    settings: Settings | None,
    day: date,
    problems: list[Problem],
    instead: Mapping[Path, str] | None,
) -> tuple[Sources, tuple[Remark, ...]]:
    """The directory's files; checked against each other only when each alone could be read whole."""
    before = len(problems)
    sources = read_sources(named, problems, instead)
    if len(problems) > before:
        return sources, ()
    is_local = axis_of(settings).is_local if settings else _nowhere
    errors, warnings = examine(sources, is_local=is_local, day=day)
    problems.extend(remark.problem for remark in errors)
    return sources, tuple(warnings)


def _nowhere(_code: str) -> bool:
    return False


def _settings(document: Document, problems: list[Problem]) -> Settings | None:
    if document.problems and document.content is None:
        return None
    try:
        return Settings.model_validate(document.content, context=Base.of(document.file))
    except ValidationError as error:
        problems.extend(problems_of(error, document, Settings))
        return None


def _section(document: Document, name: str, model: type[SectionT]) -> SectionT | None:
    """One section alone, so that the files it names are checked although something else is wrong."""
    if not isinstance(document.content, Mapping):
        return None
    try:
        return model.model_validate(document.content.get(name), context=Base.of(document.file))
    except ValidationError:  # already among the problems
        return None
