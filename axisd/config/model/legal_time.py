"""Sections on legal time (QC Điều 10): office hours, days off, and the clock that receipts are sealed by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, model_validator

from axisd.config.files import InputFile
from axisd.config.model.section import Section, setting
from axisd.config.model.terms import Code
from axisd.config.units import Duration, OfficeHours
from axisd.core.calendar import Hours, check_spans

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final = get_args(Weekday)


class HoursSettings(Section):
    """Office hours from a day on, until others follow."""

    valid_from: date | None = setting(
        "First day on which they hold; without it, from the beginning.", reloads=True, default=None
    )
    open: tuple[OfficeHours, ...] = setting(
        "Spans in which people work, in order, such as 07:00-11:30.",
        reloads=True,
        default=Hours().spans,
    )
    days: tuple[Weekday, ...] = setting(
        "Days of the week that are worked.",
        reloads=True,
        default=("mon", "tue", "wed", "thu", "fri"),
        min_length=1,
    )

    @model_validator(mode="after")
    def _in_order(self) -> HoursSettings:
        check_spans(self.open)
        return self

    def hours(self, *, lunch_is_outside: bool) -> Hours:
        """The value that the core works with."""
        weekdays = frozenset(map(_WEEKDAYS.index, self.days))
        return Hours(self.open, weekdays, self.valid_from or date.min, lunch_is_outside)


def _following(hours: tuple[HoursSettings, ...]) -> tuple[HoursSettings, ...]:
    begins = [one.valid_from or date.min for one in hours]
    if begins != sorted(set(begins)):
        raise ValueError("every item after the first needs a valid_from that is later than before")
    return hours


HoursList = Annotated[tuple[HoursSettings, ...], AfterValidator(_following)]


class AgencyHoursSettings(Section):
    """An agency whose office hours differ."""

    agency: Code = setting("Code of the agency.", reloads=True)
    hours: HoursList = setting(
        "Its own hours; until the first of them begin, and without any, the general ones hold.",
        reloads=True,
        default=(),
    )
    lunch_is_outside: bool | None = setting(
        "Whether its break counts as outside office hours; without it, as for all.",
        reloads=True,
        default=None,
    )


class CalendarSettings(Section):
    """Office hours, by which legal time and deadlines run (QC Điều 10.2). Vietnam's public holidays are
    days off by themselves.
    """

    exceptions: InputFile | None = setting(
        "File of days off and days worked, YAML or CSV, which win over holidays and weekdays.",
        reloads=True,
        default=None,
    )
    lunch_is_outside: bool = setting(
        "Whether what lies between two spans of a day counts as outside office hours.",
        reloads=True,
        default=True,
    )
    hours: HoursList = setting(
        "Office hours, each from a day on; the first also before it.",
        reloads=True,
        default=(HoursSettings(),),
        min_length=1,
    )
    agencies: tuple[AgencyHoursSettings, ...] = setting(
        "Agencies whose office hours differ.", reloads=True, default=()
    )


class ClockSettings(Section):
    """When the clock is sound enough for receipts (QC Điều 10.3). While it is not, nothing is sealed."""

    require_synchronised: bool = setting(
        "Seal only while the kernel says that its clock is kept right, by chrony or the like."
        " False is for sandboxes.",
        reloads=True,
        default=True,
    )
    max_error: Duration = setting(
        "How far off the kernel may believe its clock to be; it adds 0.5 ms for each second since it"
        " was last set right.",
        reloads=True,
        default=timedelta(seconds=5),
        gt=timedelta(),
    )
    tolerance: Duration = setting(
        "How far the clock may be turned at once, and how far it may lie behind the last entry of the"
        " ledger.",
        reloads=True,
        default=timedelta(seconds=1),
        gt=timedelta(),
    )
    settle: Duration = setting(
        "How long the clock must run evenly after it was turned.",
        reloads=True,
        default=timedelta(seconds=30),
    )
    require_after_ledger: bool = setting(
        "Seal only while the clock is not behind the last entry of the ledger. False is for the time"
        " after entries were sealed by a clock that was fast.",
        reloads=True,
        default=True,
    )
