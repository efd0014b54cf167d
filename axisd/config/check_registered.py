"""What an operator should know of agencies that systems registered themselves."""

from __future__ import annotations

from collections.abc import Iterator

from axisd.config.directory import Remark, Sources
from axisd.config.model import DirectorySettings


def registered_remarks(sources: Sources, named: DirectorySettings) -> Iterator[Remark]:
    """Warnings: nowhere to register, rows that an operator has taken over, rows of systems that are gone."""
    for index, system in enumerate(sources.enrolment.systems):
        if system.registers and named.registered is None:
            text = (
                f"system {system.account} may register agencies, but there is no file for them, so it is "
                "refused; set directory.registered"
            )
            yield Remark("registers-nowhere", sources.enrolment.problem(index, text))
    for row in sources.taken_over:
        text = (
            f"{row.agency.code} was registered by {row.agency.registered_by} and stands in your files too, "
            "which count; the row here is passed over, and may be taken out"
        )
        yield Remark("registered-taken-over", row.problem(text))
    accounts = {system.account for system in sources.enrolment.systems}
    for row in sources.rows:
        if (account := row.agency.registered_by) and account not in accounts:
            text = (
                f"{row.agency.code} was registered by {account}, which is no system any more; "
                "enter the agency into your files, and let a system serve it"
            )
            yield Remark("registered-by-nobody", row.problem(text))
