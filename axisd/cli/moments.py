"""Days and instants on the command line: always Vietnam's, whatever zone the machine is in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from axisd.core.zone import VIETNAM, day_of


class Moment(click.ParamType[datetime]):
    """`2025-07-01`, or an instant in ISO 8601; without a zone it is Vietnam's."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """A day is its first instant."""
        if isinstance(value, datetime):
            return value
        try:
            if len(value) == len("2025-07-01"):
                return datetime.combine(date.fromisoformat(value), datetime.min.time(), VIETNAM)
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a date; write 2025-07-01, or 2025-07-01T08:00:00+07:00",
                param,
                ctx,
            )
        return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)


def day_at(at: datetime | None, now: datetime) -> date:
    """The day in Vietnam that is asked about: today where none was named."""
    return day_of(at or now)
