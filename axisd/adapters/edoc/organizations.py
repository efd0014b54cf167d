"""The directory as getOrganizations lists it: the agencies that hold on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from axisd.core.directory import Agency, Directory

Organization = dict[str, str]


def organizations(directory: Directory, day: date, code: str = "") -> Sequence[Organization]:
    """All agencies that are open on `day`; with `code` the one that has it, or took over from it. Every field
    is there: what the directory does not know is ""."""
    if code:
        found = directory.current(code, day)
        return [_row(found, directory, day)] if found is not None else []
    listed = (directory.at(agency.code, day) for agency in directory)
    return [_row(agency, directory, day) for agency in listed if agency and agency.open_on(day)]


def _row(agency: Agency, directory: Directory, day: date) -> Organization:
    above = directory.at(agency.parent, day) if agency.parent else None
    return {
        "organId": agency.code,
        "organizationInCharge": above.name if above else "",
        "organName": agency.name,
        "organAdd": "",
        "email": "",
        "telephone": "",
        "fax": "",
        "website": "",
    }
