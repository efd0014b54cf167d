"""Everything a decision depends on, as one immutable value that is replaced whole on reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from axisd.core.calendar import DEFAULT_CALENDAR, Calendar
from axisd.core.codes import level1
from axisd.core.directory import Directory
from axisd.core.policy import DEFAULT_DEADLINES, DeadlinePolicy
from axisd.core.trust import TrustStore


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is accepted; sizes in bytes. Checked before any work that they bound."""

    envelope: int = 64 * 1024 * 1024
    depth: int = 64
    elements: int = 20_000
    attributes: int = 32
    namespaces: int = 32
    recipients: int = 500


@dataclass(frozen=True, slots=True)
class Policy:
    """What this axis has chosen where the regulation leaves a choice."""

    attachment_required: bool = False
    """Whether a document without an attachment is refused; else it is accepted with a warning."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Who we are: the centre's code, its name, and the level-1 codes whose agencies are local."""

    centre: str
    name: str
    local_level1: frozenset[str]

    def is_local(self, code: str) -> bool:
        """Whether `code` is of our province; in small letters too, although nobody has such a code: a
        document for somebody here must not leave the province because of them."""
        return level1(code.upper()) in self.local_level1


@dataclass(frozen=True, slots=True)
class View:
    """`version` counts reloads; it is kept with every decision so that it can be explained later."""

    axis: Axis
    directory: Directory
    trust: TrustStore
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    national: bool = False
    """Whether the national axis is connected."""
    lifetime: timedelta = timedelta(days=5)
    """How long a delivery is tried before it expires."""
    calendar: Calendar = DEFAULT_CALENDAR
    """Office hours, by which legal time and deadlines run."""
    deadlines: DeadlinePolicy = DEFAULT_DEADLINES
    """Which deadlines are watched, and when recipients are reminded."""
    probe: str = ""
    """The agency that the interconnection check sends from and to; nothing is awaited of it."""
    version: int = 1
