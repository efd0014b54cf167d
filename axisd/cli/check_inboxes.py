"""Probes that leave the probe agency: into every connected system's inbox, and over the national axis and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from axisd.adapters.amqp import Endpoint
from axisd.adapters.amqp.inbox_probe import Probed, probe_inboxes
from axisd.adapters.amqp.topology import queues_of
from axisd.adapters.clock import SystemClock
from axisd.cli.doctor_services import ASK_AGENCIES, NOT_JOINED
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, listed, plain, skipped, warning
from axisd.cli.output import visible
from axisd.config.load import Configuration
from axisd.core.directory import Channel, System
from axisd.core.probe import TYPE, inbox_probe
from axisd.core.wording import Phrase
from axisd.ports import Message
from axisd.web.control import ControlClient

_LOOK_SECONDS: Final = 1.0
_WRONG: Final = {
    Probed.MISSING: Phrase("missing", "không có"),
    Probed.REFUSED: Phrase("refused by the broker", "máy chủ hàng đợi từ chối"),
    Probed.SILENT: Phrase("not confirmed", "không được xác nhận"),
}
UNSET: Final = Phrase(
    "no probe agency is set up: section check of the configuration",
    "chưa đặt cơ quan kiểm tra: mục check của cấu hình",
)
_NOT_REGISTERED: Final = frozenset({"18", "19"})
"""Answers of the national axis: it does not know the recipient, or the sender (spec/vxp.md)."""


async def look_at_inboxes(loaded: Configuration) -> list[Finding]:
    """One probe into each inbox; one finding about all of them."""
    name = "inboxes"
    codes = dict(_inboxes(loaded))
    if not codes:
        none = Phrase("no connected system takes probes", "không hệ thống nào nhận gói thử")
        return [skipped(name, none)]
    settings = loaded.settings.amqp
    endpoint = Endpoint(settings.connection_url(), name="axisd check")
    probes = [_probe(code) for code in codes.values()]
    found = await probe_inboxes(
        endpoint, probes, deadline=settings.publish_deadline.total_seconds()
    )
    by_code = {code: found[queue] for queue, code in codes.items()}
    wrong = [
        Phrase(f"{code} ({_WRONG[one].en})", f"{code} ({_WRONG[one].vi})")
        for code, one in by_code.items()
        if one in _WRONG
    ]
    if wrong:
        mend = plain("axisd broker check; axisd broker apply; docs/runbooks/check-failed.md")
        return [failed(name, listed(wrong), mend, Exit.UNAVAILABLE)]
    unread = [code for code, one in by_code.items() if one is Probed.UNREAD]
    taken = _taken(len(codes), unread, sum(not system.probe for system in _systems(loaded)))
    return [warning(name, taken, ASK_AGENCIES) if unread else good(name, taken)]


def _taken(count: int, unread: list[str], off: int) -> Phrase:
    taken, names = count - len(unread), listed(unread)
    parts = [Phrase(f"{taken} of {count} took a probe", f"{taken} trên {count} nhận gói thử")]
    if unread:
        parts.append(
            Phrase(
                f"left alone, since messages wait there and nobody reads: {names.en}",
                f"bỏ qua vì còn thông điệp chờ mà không ai đọc: {names.vi}",
            )
        )
    if off:
        parts.append(Phrase(f"{off} systems are left out", f"{off} hệ thống được miễn"))
    return listed(parts, "; ")


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
        return [skipped(name, NOT_JOINED)]
    if check is None:
        return [skipped(name, UNSET)]
    if not check.national:
        return [skipped(name, Phrase("check.national is off", "check.national đang tắt"))]
    probe = await control.ask("probe-national")
    if probe["code"] != "0":
        return [_refused(name, check.agency, probe)]
    clock, patience = SystemClock(), check.national_timeout.total_seconds()
    began = clock.monotonic()
    while probe["seconds"] is None and clock.monotonic() - began < patience:
        await asyncio.sleep(min(_LOOK_SECONDS, patience))
        probe = await control.ask("probe-national", document_id=probe["document_id"])
    if probe["seconds"] is not None:
        document_id, seconds = probe["document_id"], f"{probe['seconds']:.1f}"
        back = Phrase(
            f"{document_id} came back after {seconds} s",
            f"{document_id} quay về sau {seconds} giây",
        )
        return [good(name, back)]
    return [failed(name, *_lost(probe, patience), Exit.UNAVAILABLE)]


def _lost(probe: dict[str, Any], patience: float) -> tuple[Phrase, Phrase]:
    document_id, doc_id = probe["document_id"], visible(probe["doc_id"])
    return (
        Phrase(
            f"{document_id} was taken as {doc_id} and is not back after {patience:g} s",
            f"{document_id} được nhận với số {doc_id} nhưng sau {patience:g} giây chưa quay về",
        ),
        Phrase(
            "axisd national status; ask the national axis's operator with that number",
            "axisd national status; hỏi đơn vị vận hành trục quốc gia theo số đó",
        ),
    )


def _refused(name: str, agency: str, probe: dict[str, Any]) -> Finding:
    code, text = probe["code"], visible(probe["text"])
    refused = Phrase(
        f"it does not take a probe of {agency}: code {code}, {text}",
        f"không nhận gói thử của {agency}: mã {code}, {text}",
    )
    if code in _NOT_REGISTERED:
        mend = Phrase(
            f"have {agency} registered under this centre, or set check.national to false",
            f"đăng ký {agency} thuộc trung tâm này, hoặc đặt check.national là false",
        )
        return warning(name, refused, mend)
    mend = plain("docs/runbooks/national-axis-down.md")
    return failed(name, refused, mend, Exit.UNAVAILABLE)
