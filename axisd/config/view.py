"""From settings and directory to the core's `View`: the one value that every decision is made with."""

from __future__ import annotations

from axisd.config.model import Settings
from axisd.core.calendar import Calendar
from axisd.core.directory import Directory
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
        version=version,
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
