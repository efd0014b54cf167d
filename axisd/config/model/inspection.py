"""Sections on what is accepted: bounds, and what the regulation leaves to the axis."""

from __future__ import annotations

from typing import Literal

from axisd.config.model.section import Section, setting
from axisd.config.units import Size


class LimitSettings(Section):
    """Bounds on what is accepted, checked before the work that they bound."""

    envelope: Size = setting(
        "Size of an envelope.", reloads=True, default=64 * 1024**2, ge=1024, le=1024**3
    )
    depth: int = setting("Depth of nesting.", reloads=True, default=64, ge=16, le=256)
    elements: int = setting("Elements.", reloads=True, default=20_000, ge=100)
    attributes: int = setting("Attributes of one element.", reloads=True, default=32, ge=8)
    namespaces: int = setting("Namespace declarations.", reloads=True, default=32, ge=4)
    recipients: int = setting("Recipients of one envelope.", reloads=True, default=500, ge=1)


class InspectionSettings(Section):
    """How envelopes are inspected."""

    workers: int = setting("Threads that inspect.", default=2, ge=1, le=64)
    limits: LimitSettings = setting(
        "Bounds on what is accepted.", reloads=True, default=LimitSettings()
    )


class RulesSettings(Section):
    """What this axis chooses where the regulation leaves a choice."""

    without_attachment: Literal["accept", "refuse"] = setting(
        "What becomes of a document without an attachment; an accepted one gets a warning on its receipt.",
        reloads=True,
        default="accept",
    )
