"""Probes that leave the probe agency: into every connected system's inbox, and over the national axis and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from axisd.adapters.amqp import Endpoint
from axisd.adapters.amqp.inbox_probe import Probed, probe_inboxes
from axisd.adapters.amqp.topology import queues_of
from axisd.adapters.clock import SystemClock
from axisd.cli.doctor_services import listed
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, skipped, warning
from axisd.cli.output import visible
from axisd.config.load import Configuration
from axisd.core.directory import Channel, System
from axisd.core.probe import TYPE, inbox_probe
from axisd.ports import Message
from axisd.web.control import ControlClient

_LOOK_SECONDS: Final = 1.0
_WRONG: Final = {
    Probed.MISSING: "missing",
    Probed.REFUSED: "refused by the broker",
    Probed.SILENT: "not confirmed",
}
_NOT_REGISTERED: Final = frozenset({"18", "19"})
"""Answers of the national axis: it does not know the recipient, or the sender (spec/vxp.md)."""


async def look_at_inboxes(loaded: Configuration) -> list[Finding]:
    """One probe into each inbox; one finding about all of them."""
    name = "inboxes"
    codes = dict(_inboxes(loaded))
    if not codes:
        return [skipped(name, "no connected system takes probes")]
    settings = loaded.settings.amqp
    endpoint = Endpoint(settings.connection_url(), name="axisd check")
    probes = [_probe(code) for code in codes.values()]
    found = await probe_inboxes(
        endpoint, probes, deadline=settings.publish_deadline.total_seconds()
    )
    by_code = {code: found[queue] for queue, code in codes.items()}
    wrong = [f"{code} ({_WRONG[one]})" for code, one in by_code.items() if one in _WRONG]
    if wrong:
        mend = "axisd broker check; axisd broker apply; docs/runbooks/check-failed.md"
        return [failed(name, listed(wrong), mend, Exit.UNAVAILABLE)]
    unread = [code for code, one in by_code.items() if one is Probed.UNREAD]
    told = f"{len(codes) - len(unread)} of {len(codes)} took a probe"
    if unread:
        told += f"; left alone, since messages wait there and nobody reads: {listed(unread)}"
    off = sum(not system.probe for system in _systems(loaded))
    return [good(name, f"{told}; {off} systems are left out" if off else told)]


def _systems(loaded: Configuration) -> Iterator[System]:
    directory = loaded.view.directory
    for system in directory.systems.values():
        if system.channel is Channel.AMQP and loaded.view.probe not in {
            directory.canonical(code) for code in system.agencies
        }:
            yield system


def _inboxes(loaded: Configuration) -> Iterator[tuple[str, str]]:
    """Queue and agency of each inbox that takes probes."""
    for system in _systems(loaded):
        if system.probe:
            for code in sorted(map(loaded.view.directory.canonical, system.agencies)):
                yield queues_of(code)[0], code


def _probe(code: str) -> Message:
    clock = SystemClock()
    at, key = clock.now(), clock.new_id()
    return Message(
        queue=queues_of(code)[0],
        message_id=key,
        body=inbox_probe(code, at),
        type=TYPE,
        correlation_id=key,
        timestamp=at,
    )


async def look_at_national(loaded: Configuration, control: ControlClient) -> list[Finding]:
    """Asks the daemon to send a probe, and then until it is back."""
    name = "national"
    check, national = loaded.settings.check, loaded.settings.national
    if national is None:
        return [skipped(name, "this axis is not joined to it")]
    if check is None:
        return [skipped(name, "no probe agency is set up: section check of the configuration")]
    if not check.national:
        return [skipped(name, "check.national is off")]
    probe = await control.ask("probe-national")
    if probe["code"] != "0":
        return [_refused(name, check.agency, probe)]
    clock, patience = SystemClock(), check.national_timeout.total_seconds()
    began = clock.monotonic()
    while probe["seconds"] is None and clock.monotonic() - began < patience:
        await asyncio.sleep(min(_LOOK_SECONDS, patience))
        probe = await control.ask("probe-national", document_id=probe["document_id"])
    if probe["seconds"] is not None:
        return [good(name, f"{probe['document_id']} came back after {probe['seconds']:.1f} s")]
    told = f"{probe['document_id']} was taken as {visible(probe['doc_id'])}"
    return [
        failed(
            name,
            f"{told} and is not back after {patience:g} s",
            "axisd national status; ask the national axis's operator with that number",
            Exit.UNAVAILABLE,
        )
    ]


def _refused(name: str, agency: str, probe: dict[str, Any]) -> Finding:
    told = f"it does not take a probe of {agency}: code {probe['code']}, {visible(probe['text'])}"
    if probe["code"] in _NOT_REGISTERED:
        mend = f"have {agency} registered under this centre, or set check.national to false"
        return warning(name, told, mend)
    return failed(name, told, "docs/runbooks/national-axis-down.md", Exit.UNAVAILABLE)
