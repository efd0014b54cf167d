"""The doctor's look at what runs: ledger, broker, national axis, daemon. Asks, and changes nothing.

Every look has a deadline, and one that fails does not keep the others from being taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from axisd.adapters.amqp import Endpoint, Management, render
from axisd.adapters.amqp.connection import close, open_connection
from axisd.adapters.amqp.management import QueueFacts
from axisd.adapters.amqp.topology import DEAD, INTAKE, URGENT, queues_of
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import LedgerReader
from axisd.adapters.ledger.store import database
from axisd.adapters.vxp.client import Bounds, VxpClient
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, listed, plain, skipped, told, warning
from axisd.cli.reading import ledger_at
from axisd.config.load import Configuration
from axisd.config.model import Settings
from axisd.core.directory import Channel
from axisd.core.envelope import Kind
from axisd.core.view import View
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time
from axisd.errors import AxisError
from axisd.web.probe import readiness

_SECONDS: Final = 20.0
_BEHIND: Final = timedelta(seconds=2)
_OLD: Final = timedelta(hours=1)
_LATE_SECONDS: Final = 6
"""How late the broker's statistics are at most: a consumer that has just come shows only then."""


async def look_at_services(
    settings: Settings, loaded: Configuration | None, now: datetime
) -> list[Finding]:
    """All of them at once. `loaded` is None where the directory cannot be used."""
    looks: list[tuple[str, Callable[[], Awaitable[list[Finding]]]]] = [
        ("ledger", lambda: _ledger(settings, now)),
        ("broker", lambda: _broker(settings)),
        ("topology", lambda: look_at_queues(settings, loaded)),
        ("national axis", lambda: _national(settings)),
        ("daemon", lambda: look_at_daemon(settings)),
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(bounded(name, look, MEND[name])) for name, look in looks]
    return [finding for task in tasks for finding in task.result()]


async def bounded(
    name: str,
    look: Callable[[], Awaitable[list[Finding]]],
    mend: Phrase,
    *,
    seconds: float = _SECONDS,
) -> list[Finding]:
    """What `look` finds; a look that fails, or takes longer than `seconds`, is itself a finding."""
    try:
        async with asyncio.timeout(seconds):
            return await look()
    except TimeoutError:
        silent = Phrase(f"no answer in {seconds:g} s", f"không trả lời trong {seconds:g} giây")
        return [failed(name, silent, mend, Exit.UNAVAILABLE)]
    except AxisError as error:
        return [failed(name, told(error), mend, error.exit_code)]


MEND: Final = {
    "ledger": Phrase(
        "stop axisd, keep the folder as it is, run: axisd ledger verify",
        "dừng axisd, giữ nguyên thư mục, chạy: axisd ledger verify",
    ),
    "broker": Phrase(
        "is RabbitMQ running, and are address and account in amqp.url right? A new account is made "
        "by: axisd broker apply",
        "RabbitMQ có chạy không, địa chỉ và tài khoản trong amqp.url có đúng không? Tạo tài khoản mới "
        "bằng: axisd broker apply",
    ),
    "topology": Phrase(
        "is the management plugin enabled, and are address and account in amqp.management_url right?",
        "plugin quản trị đã bật chưa, địa chỉ và tài khoản trong amqp.management_url có đúng không?",
    ),
    "national axis": Phrase(
        "the address, the secret, the way to it; then its operator. Documents wait meanwhile",
        "xem địa chỉ, khóa bí mật, đường truyền; rồi hỏi đơn vị vận hành. Văn bản chờ trong lúc đó",
    ),
    "daemon": plain("systemctl status axisd; journalctl -u axisd"),
}


async def _ledger(settings: Settings, now: datetime) -> list[Finding]:
    folder = settings.ledger.folder
    if not database(folder).is_file():
        return [skipped("ledger", no_ledger(folder))]
    async with ledger_at(folder) as reader:
        await reader.check_tail()
        return [await _newest(reader, now), await look_at_outbox(reader, now)]


async def _newest(reader: LedgerReader, now: datetime) -> Finding:
    last = await reader.newest()
    if last is None:
        return good("ledger", Phrase("it is empty", "còn trống"))
    if last.at - now > _BEHIND:
        return failed(
            "ledger",
            Phrase(
                f"its newest entry is of {wire_time(last.at)}, and the clock says {wire_time(now)}",
                f"mục mới nhất ghi lúc {wire_time(last.at)}, còn đồng hồ chỉ {wire_time(now)}",
            ),
            Phrase(
                "the clock was turned back, or was wrong before: set it right, then find out since when",
                "đồng hồ bị chỉnh lùi, hoặc trước đó đã sai: chỉnh lại cho đúng, rồi tìm xem sai từ khi nào",
            ),
            Exit.INTEGRITY,
        )
    return good(
        "ledger",
        Phrase(
            f"{last.position} entries, the newest of {wire_time(last.at)}; its tail holds",
            f"{last.position} mục, mới nhất lúc {wire_time(last.at)}; phần cuối còn nguyên vẹn",
        ),
    )


def no_ledger(folder: Path) -> Phrase:
    """Before the daemon ran for the first time."""
    return Phrase(
        f"none in {folder} yet; the daemon makes it", f"chưa có trong {folder}; dịch vụ sẽ tạo"
    )


async def look_at_outbox(reader: LedgerReader, now: datetime) -> Finding:
    """What waits there, and since when."""
    late = [
        item
        for item in await reader.outbox_summary()
        if item.held or (item.oldest is not None and now - item.oldest > _OLD)
    ]
    if not late:
        return good("outbox", Phrase("nothing waits for long", "không có gì chờ lâu"))
    names = listed([f"{item.destination} ({item.waiting + item.held})" for item in late])
    waits = Phrase(
        f"waits for more than an hour, or is held: {names.en}",
        f"chờ quá một giờ, hoặc bị giữ lại: {names.vi}",
    )
    return warning("outbox", waits, plain("axisd outbox list"))


async def _broker(settings: Settings) -> list[Finding]:
    endpoint = Endpoint(settings.amqp.connection_url(), name="axisd doctor")
    await close(await open_connection(endpoint, "doctor"))
    admitted = Phrase(
        f"{endpoint} lets {endpoint.account} in", f"{endpoint} cho {endpoint.account} đăng nhập"
    )
    return [good("broker", admitted)]


async def look_at_queues(settings: Settings, loaded: Configuration | None) -> list[Finding]:
    """Topology, consumers, dead letters: what only the management API tells."""
    url = settings.amqp.management()
    if url is None:
        unset = Phrase("amqp.management_url is not set", "chưa đặt amqp.management_url")
        return [skipped("topology", unset)]
    if loaded is None:
        unusable = Phrase("the directory cannot be used", "không dùng được danh mục")
        return [skipped("topology", unusable)]
    directory, vhost = loaded.view.directory, settings.amqp.vhost
    daemon = Endpoint(settings.amqp.connection_url()).account
    async with Management(url, vhost=vhost) as management:
        differences = await management.check(render(directory, vhost=vhost, daemon_user=daemon))
        queues = await management.queues()
        for _ in range(_LATE_SECONDS):
            if not _idle(queues):
                break
            await asyncio.sleep(1)
            queues = await management.queues()
    return [
        _topology(differences),
        _intake(queues),
        _inboxes(queues, loaded.view),
        _dead(queues),
    ]


def _topology(differences: list[str]) -> Finding:
    if not differences:
        same = Phrase("RabbitMQ is what the directory asks for", "RabbitMQ khớp với danh mục")
        return good("topology", same)
    found = listed(differences, "; ")
    mend = Phrase(
        "axisd broker check names all of them, axisd broker apply mends most",
        "axisd broker check liệt kê đủ, axisd broker apply sửa phần lớn",
    )
    return failed(
        "topology", Phrase(found.en, f"khác với danh mục: {found.vi}"), mend, Exit.REFUSED
    )


def _idle(queues: dict[str, QueueFacts]) -> list[str]:
    return [name for name in (INTAKE, URGENT) if name in queues and not queues[name].consumers]


def _intake(queues: dict[str, QueueFacts]) -> Finding:
    idle = _idle(queues)
    if not idle:
        return good("intake", Phrase("is consumed", "đang được lấy"))
    waiting = sum(queues[name].messages for name in idle)
    return failed(
        "intake",
        Phrase(
            f"nobody takes from {' and '.join(idle)}, where {waiting} submissions wait",
            f"không ai lấy từ {' và '.join(idle)}, nơi {waiting} bản gửi đang chờ",
        ),
        Phrase(
            "start the daemon: systemctl start axisd", "khởi động dịch vụ: systemctl start axisd"
        ),
        Exit.UNAVAILABLE,
    )


def _inboxes(queues: dict[str, QueueFacts], view: View) -> Finding:
    """Inboxes that nobody reads: the agency's system is down, or was never connected."""
    directory = view.directory
    codes = {
        directory.canonical(code)
        for system in directory.systems.values()
        if system.channel is Channel.AMQP
        for code in system.agencies
    } - {view.probe}
    unread = {
        code: queues[queues_of(code)[0]].messages
        for code in sorted(codes)
        if queues_of(code)[0] in queues and not queues[queues_of(code)[0]].consumers
    }
    if not unread:
        all_ = Phrase(f"all {len(codes)} are read", f"cả {len(codes)} hộp nhận đều được đọc")
        return good("inboxes", all_)
    names = listed(
        [
            Phrase(f"{code} ({count} wait)", f"{code} ({count} đang chờ)")
            for code, count in unread.items()
        ]
    )
    some = Phrase(
        f"{len(unread)} of {len(codes)} are not read: {names.en}",
        f"{len(unread)} trên {len(codes)} không được đọc: {names.vi}",
    )
    # A system that looks in by the hour has no consumer between two looks: only what waits matters.
    if not any(unread.values()):
        return good("inboxes", some)
    return warning("inboxes", some, ASK_AGENCIES)


def _dead(queues: dict[str, QueueFacts]) -> Finding:
    dead = queues.get(DEAD)
    if dead is None or not dead.messages:
        return good("dead letters", Phrase("none", "không có"))
    return failed(
        "dead letters",
        Phrase(
            f"{dead.messages} in {DEAD}: what crashed us, or was never taken",
            f"{dead.messages} trong {DEAD}: đã làm hỏng tiến trình, hoặc không bao giờ được lấy",
        ),
        Phrase(
            f"look at them in RabbitMQ's management, queue {DEAD}; keep them and report them",
            f"xem trong trang quản trị RabbitMQ, hàng đợi {DEAD}; giữ lại và báo cho nhà phát triển",
        ),
        Exit.INTEGRITY,
    )


async def _national(settings: Settings) -> list[Finding]:
    national = settings.national
    if national is None:
        return [skipped("national axis", NOT_JOINED)]
    clock = SystemClock()
    secret = national.secret_file.value.get_secret_value()
    url = national.url.get_secret_value()
    bounds = Bounds(deadline=_SECONDS / 2, connect=_SECONDS / 4)
    async with VxpClient(url, national.system_id, secret, clock, bounds) as client:
        counts = [f"{await client.count(kind)} of kind {kind}" for kind in Kind]
    waiting = ", ".join(counts)
    return [
        good(
            "national axis",
            Phrase(f"answers; for us wait {waiting}", f"có trả lời; đang chờ ta: {waiting}"),
        )
    ]


ASK_AGENCIES: Final = Phrase(
    "ask those agencies' operators", "hỏi đơn vị vận hành hệ thống của các cơ quan đó"
)
NOT_JOINED: Final = Phrase("this axis is not joined to it", "trục này chưa kết nối tới đó")


async def look_at_daemon(settings: Settings) -> list[Finding]:
    """Whether it says that it is ready."""
    checks = await readiness(settings.http.listen)
    wrong = [f"{check.name} ({check.detail})" for check in checks if not check.passed]
    if wrong:
        unready = Phrase(f"not ready: {', '.join(wrong)}", f"chưa sẵn sàng: {', '.join(wrong)}")
        return [failed("daemon", unready, MEND["daemon"], Exit.UNAVAILABLE)]
    names = ", ".join(check.name for check in checks)
    return [good("daemon", Phrase(f"ready: {names}", f"sẵn sàng: {names}"))]
