"""Sections on what becomes of a delivery: how long it is tried, and what its recipient owes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import model_validator

from axisd.config.model.section import Section, setting
from axisd.config.units import Duration


class RetrySettings(Section):
    """How long to wait before trying again; doubles with each failure."""

    first: Duration = setting(
        "Wait after the first failure.", default=timedelta(seconds=2), gt=timedelta()
    )
    most: Duration = setting("Longest wait.", default=timedelta(minutes=10), gt=timedelta())

    @model_validator(mode="after")
    def _in_order(self) -> RetrySettings:
        if self.first > self.most:
            raise ValueError("first is longer than most")
        return self


class DeliverySettings(Section):
    """How long and how often a delivery is tried."""

    lifetime: Duration = setting(
        "How long a delivery is tried before it expires.",
        reloads=True,
        default=timedelta(days=5),
        ge=timedelta(minutes=1),
    )
    retry: RetrySettings = setting("Waits between tries.", default=RetrySettings())


def _watched(what: str) -> Any:
    return setting(f"Whether it is watched that {what}.", reloads=True, default=True)


def _reminder(hours: int) -> Any:
    return setting(
        "How much working time before that deadline the recipient is reminded; 0s for never.",
        reloads=True,
        default=timedelta(hours=hours),
        ge=timedelta(),
        le=timedelta(days=30),
    )


class DeadlineSettings(Section):
    """What recipients have to do in time, by the working calendar; the sender is told when they did not."""

    remind: bool = setting(
        "Whether recipients that receive over AMQP are reminded at all.", reloads=True, default=True
    )
    arrival: bool = _watched(
        "a document arrives (status 01 or later) by the end of the working day"
    )
    arrival_reminder: Duration = _reminder(2)
    registration: bool = _watched(
        "it is registered (03 or later) or refused (02) by the end of the next working day"
    )
    registration_reminder: Duration = _reminder(4)
    reply: bool = _watched("a document with a DueDate is replied to by the end of that day")
    reply_reminder: Duration = _reminder(16)
    recall_answer: bool = _watched("a recall is answered (15 or 16)")
    recall_answer_reminder: Duration = _reminder(4)
    recall_days: int = setting(
        "Working days in which a recall is answered; 0 is the day on which it was asked.",
        reloads=True,
        default=1,
        ge=0,
        le=60,
    )
