"""What every part of the daemon stands on: the configuration in force, the clock, and who is told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from axisd.adapters import logs
from axisd.adapters.clock import SystemClock
from axisd.adapters.systemd import Notifier
from axisd.adapters.telemetry import AxisTelemetry
from axisd.config.load import Configuration
from axisd.config.model import Settings
from axisd.core.view import View
from axisd.service.heartbeat import Pulse


class Current:
    """The configuration in force, replaced whole by a reload. `started_with` stays: part of it takes
    effect at a restart alone."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.started_with = configuration.settings

    @property
    def settings(self) -> Settings:
        return self.configuration.settings

    @property
    def view(self) -> View:
        return self.configuration.view

    def look(self) -> View:
        """The view now, for who keeps the question instead of the answer."""
        return self.configuration.view


@dataclass(frozen=True, slots=True)
class Ground:
    """`stack` closes what was opened, the last one first; `one_large` lets one large body into memory at
    a time, whichever way it goes."""

    current: Current
    clock: SystemClock
    telemetry: AxisTelemetry
    pulse: Pulse
    notifier: Notifier
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    one_large: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, configuration: Configuration, clock: SystemClock) -> Ground:
        pulse = Pulse(clock)
        telemetry = AxisTelemetry(clock, pulse)
        return cls(Current(configuration), clock, telemetry, pulse, Notifier())

    def configure_logs(self) -> None:
        """As the configuration in force says."""
        settings = self.current.settings.log
        logs.configure(
            settings.level, settings.format, now=self.clock.now, count=self.telemetry.counted
        )
