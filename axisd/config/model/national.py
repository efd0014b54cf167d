"""The section on the national axis, as this axis joins it."""

from __future__ import annotations

from datetime import time, timedelta

from pydantic import model_validator

from axisd.config.files import Secret
from axisd.config.model.section import Section, setting
from axisd.config.model.terms import HttpUrl
from axisd.config.units import Clock, Duration


class PollSettings(Section):
    """How often the national axis is asked for what waits for us."""

    quick: Duration = setting(
        "While something is moving.", default=timedelta(seconds=1), gt=timedelta()
    )
    slow: Duration = setting(
        "When nothing has come for a while.", default=timedelta(seconds=60), gt=timedelta()
    )

    @model_validator(mode="after")
    def _in_order(self) -> PollSettings:
        if self.quick > self.slow:
            raise ValueError("quick is longer than slow")
        return self


class ReconcileSettings(Section):
    """When the axis compares what it sent and received with the national axis's lists, by itself."""

    at: Clock = setting("Time of day, Vietnam's.", default=time(2))
    days: int = setting("How many days back it looks.", default=3, ge=1, le=31)


class NationalSettings(Section):
    """The national axis. Without this section documents for other provinces are refused."""

    url: HttpUrl = setting("Base address of its VXP service.")
    system_id: str = setting("The systemid of this axis, as registered there.", min_length=1)
    secret_file: Secret = setting("File with the secret that requests are signed with.")
    timeout: Duration = setting(
        "How long one request may take.", default=timedelta(seconds=30), gt=timedelta()
    )
    poll: PollSettings = setting("How often it is asked.", default=PollSettings())
    reconcile: ReconcileSettings = setting(
        "The nightly reconciliation with its lists.", default=ReconcileSettings()
    )
