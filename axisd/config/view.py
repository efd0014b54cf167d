"""From settings and directory to the core's `View`: the one value that every decision is made with."""

from __future__ import annotations

from axisd.config.model import DeadlineSettings, Settings
from axisd.core.calendar import Calendar
from axisd.core.directory import Directory
from axisd.core.policy import DeadlineKind, DeadlinePolicy
from axisd.core.trust import TrustStore
from axisd.core.view import Axis, Limits, Policy, View


def axis_of(settings: Settings) -> Axis:
    """Who we are."""
    axis = settings.axis
    return Axis(axis.centre, axis.name, frozenset(axis.local_level1))


def build_view(
    settings: Settings, directory: Directory, calendar: Calendar, version: int = 1
) -> View:
    """The view of one load of the configuration; `version` counts loads. Reads no file."""
    authorities = tuple(
        certificate for file in settings.trust.authorities for certificate in file.certificates
    )
    return View(
        axis=axis_of(settings),
        directory=directory,
        trust=TrustStore(authorities),
        limits=_limits(settings),
        policy=Policy(attachment_required=settings.rules.without_attachment == "refuse"),
        national=settings.national is not None,
        lifetime=settings.delivery.lifetime,
        calendar=calendar,
        deadlines=_deadlines(settings.deadlines),
        probe=directory.canonical(settings.check.agency) if settings.check else "",
        version=version,
    )


def _deadlines(settings: DeadlineSettings) -> DeadlinePolicy:
    kinds = (
        (DeadlineKind.ARRIVAL, settings.arrival, settings.arrival_reminder),
        (DeadlineKind.REGISTRATION, settings.registration, settings.registration_reminder),
        (DeadlineKind.REPLY, settings.reply, settings.reply_reminder),
        (DeadlineKind.RECALL_ANSWER, settings.recall_answer, settings.recall_answer_reminder),
    )
    return DeadlinePolicy(
        leads={kind: reminder for kind, watched, reminder in kinds if watched},
        remind=settings.remind,
        recall_days=settings.recall_days,
    )


def _limits(settings: Settings) -> Limits:
    limits = settings.inspection.limits
    return Limits(
        envelope=limits.envelope,
        depth=limits.depth,
        elements=limits.elements,
        attributes=limits.attributes,
        namespaces=limits.namespaces,
        recipients=limits.recipients,
    )
