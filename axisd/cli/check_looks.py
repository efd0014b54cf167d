"""Everything that `axisd check` looks at, at the same time, as one value that can be put on record.

What the doctor looks at too is the doctor's look. A look that fails does not keep the others from being taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.cli.check_inboxes import look_at_inboxes, look_at_national
from axisd.cli.check_lanes import look_at_lanes
from axisd.cli.check_ledger import look_at_ledger
from axisd.cli.doctor_files import (
    look_at_authorities,
    look_at_clock,
    look_at_folder,
    look_at_receipts,
    validity,
)
from axisd.cli.doctor_services import MEND, bounded, look_at_daemon, look_at_queues
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, Outcome, failed, plain, skipped, together, told, warning
from axisd.config.directory import Remark
from axisd.config.load import Configuration
from axisd.core import interconnection
from axisd.core.interconnection import ITEMS, CheckRun, Item, Trigger, in_order
from axisd.core.wording import Phrase
from axisd.errors import ConfigError
from axisd.web.control import ControlClient

_OUTCOMES: Final = {
    Outcome.GOOD: interconnection.Outcome.PASSED,
    Outcome.WARNING: interconnection.Outcome.WARNED,
    Outcome.FAILED: interconnection.Outcome.FAILED,
    Outcome.SKIPPED: interconnection.Outcome.SKIPPED,
}
_OF_THE_BROKER: Final = {
    "topology": "topology",
    "intake": "intake",
    "inboxes": "consumers",
    "dead letters": "dead-letters",
}
"""The doctor's names of what the management API tells, and ours."""
_MINUTE: Final = 60.0


class Looked(NamedTuple):
    """`code`: what the command ends with."""

    run: CheckRun
    code: int


async def look(loaded: Configuration, trigger: Trigger) -> Looked:
    """The whole check."""
    began = SystemClock().now()
    settings = loaded.settings
    control = ControlClient(settings.control.socket)
    patience = settings.check.national_timeout.total_seconds() if settings.check else 0.0
    async with asyncio.TaskGroup() as group:
        ledger = group.create_task(look_at_ledger(loaded, began))
        tasks = [
            group.create_task(work)
            for work in (
                look_at_lanes(loaded),
                bounded(
                    "inboxes",
                    lambda: look_at_inboxes(loaded),
                    MEND["broker"],
                    seconds=10 * _MINUTE,
                ),
                bounded(
                    "national",
                    lambda: look_at_national(loaded, control),
                    MEND["daemon"],
                    seconds=patience + 5 * _MINUTE,
                ),
                bounded("daemon", lambda: look_at_daemon(settings), MEND["daemon"]),
                _broker(loaded),
            )
        ]
    findings = [*_files(loaded, began), *(found for task in tasks for found in task.result())]
    of_ledger, proved = ledger.result()
    findings += of_ledger
    return Looked(CheckRun(trigger, began, _items(findings), proved), _code(findings))


async def _broker(loaded: Configuration) -> list[Finding]:
    found = await bounded(
        "topology", lambda: look_at_queues(loaded.settings, loaded), MEND["topology"]
    )
    named = {_OF_THE_BROKER[finding.name]: finding for finding in found}
    why = named["topology"].detail if len(named) == 1 else plain("")
    return [
        renamed(named[name], name) if name in named else skipped(name, why)
        for name in _OF_THE_BROKER.values()
    ]


def _files(loaded: Configuration, now: datetime) -> Iterable[Finding]:
    settings = loaded.settings
    yield together("certificates", _certificates(loaded, now))
    yield look_at_folder(settings.ledger.folder)
    yield look_at_clock(settings.clock)


def _certificates(loaded: Configuration, now: datetime) -> list[Finding]:
    """The axis's own, the authorities', the probe agency's, and what the directory pins."""
    name, settings = "certificates", loaded.settings
    findings = [look_at_receipts(settings, now), look_at_authorities(settings, now)]
    for remark in loaded.warnings:
        if remark.kind == "certificate-expired":
            mend = Phrase("ask that agency for its new one", "xin cơ quan đó chứng thư mới")
            findings.append(failed(name, _of_directory(remark), mend, Exit.UNAVAILABLE))
        elif remark.kind.startswith("certificate-"):
            mend = plain("axisd directory check")
            findings.append(warning(name, _of_directory(remark), mend))
    if settings.check is not None:
        try:
            own = keyring.certificates(settings.check.certificate)
        except ConfigError as error:
            mend = Phrase(
                "set check.certificate to a file that this account can read",
                "đặt check.certificate thành tệp mà tài khoản này đọc được",
            )
            findings.append(failed(name, told(error), mend, error.exit_code))
        else:
            what = Phrase("the probe agency's certificate", "chứng thư của cơ quan kiểm tra")
            ends = validity(name, what, own[:1], now)
            findings += [ends] if ends else []
    return findings


def _of_directory(remark: Remark) -> Phrase:
    return Phrase(str(remark.problem), f"danh mục: {remark.problem}")


def renamed(finding: Finding, name: str) -> Finding:
    """The same finding under our name."""
    return Finding(name, finding.outcome, finding.detail, finding.mend, finding.code)


def _items(findings: Sequence[Finding]) -> tuple[Item, ...]:
    assert {finding.name for finding in findings} == ITEMS.keys(), "every item, whatever happened"
    return in_order(
        [Item(found.name, _OUTCOMES[found.outcome], found.detail, found.mend) for found in findings]
    )


def _code(findings: Sequence[Finding]) -> int:
    """70 where evidence contradicts itself, whatever else there is; 69 for every other failure."""
    codes = {found.code for found in findings if found.outcome is Outcome.FAILED}
    if Exit.INTEGRITY in codes:
        return Exit.INTEGRITY
    return Exit.UNAVAILABLE if codes else Exit.DONE
