"""The doctor's look at what lies on this machine: files, certificates, disk, clock. Changes nothing."""

from __future__ import annotations

import math
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from axisd.adapters import keyring
from axisd.adapters.clock import clock_error
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, plain, told, warning
from axisd.cli.output import visible
from axisd.config.model import ClockSettings, Settings
from axisd.core.trust import organs_of, signer_of
from axisd.core.wording import Phrase
from axisd.errors import ConfigError

_SOON: Final = timedelta(days=30)
_GIB: Final = 1024**3
_LITTLE: Final = _GIB // 4
_SCARCE: Final = 2 * _GIB
_OTHERS: Final = stat.S_IRWXO


def look_at_files(file: Path, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Everything that needs no network and no ledger."""
    yield _secrets(file, settings)
    yield look_at_receipts(settings, now)
    yield look_at_authorities(settings, now)
    yield look_at_folder(settings.ledger.folder)
    yield look_at_clock(settings.clock)


def _secrets(file: Path, settings: Settings) -> Finding:
    """Nobody but the daemon and its group may read what signs, and what logs in."""
    name = "secrets"
    files = list(_secret_files(file, settings))
    open_ones = [path for path in files if path.stat().st_mode & _OTHERS]
    if open_ones:
        paths = " ".join(map(str, open_ones))
        return failed(
            name,
            Phrase(
                f"everybody on this machine can read {paths}",
                f"mọi người dùng trên máy này đều đọc được {paths}",
            ),
            plain(f"chmod o= {paths}"),
            Exit.CONFIGURATION,
        )
    return good(
        name,
        Phrase(
            f"{len(files)} files that only their owner and group may read",
            f"{len(files)} tệp chỉ chủ sở hữu và nhóm đọc được",
        ),
    )


def _secret_files(file: Path, settings: Settings) -> Iterator[Path]:
    yield settings.receipts.key
    amqp, national = settings.amqp, settings.national
    yield from (held.path for held in (amqp.url_file, amqp.management_url_file) if held)
    if national is not None:
        yield national.secret_file.path
    if settings.check is not None:
        # The daemon does without these; whether they are there is for the check to say.
        files = (settings.check.url_file, settings.check.key)
        yield from (file for file in files if file.exists())
    inline = (amqp.url, amqp.management_url, national.url if national else None)
    if any(url is not None and urlsplit(url.get_secret_value()).password for url in inline):
        yield file


def look_at_receipts(settings: Settings, now: datetime) -> Finding:
    """The key that seals receipts, and whether others can trust what it seals."""
    name = "receipts"
    try:
        key = keyring.load(settings.receipts.key, settings.receipts.certificate)
    except ConfigError as error:
        mend = Phrase(
            "set receipts.key and receipts.certificate to a pair: RSA from 2048 bits, P-256 or P-384",
            "đặt receipts.key và receipts.certificate thành một cặp khóa: RSA từ 2048 bit, P-256 hoặc P-384",
        )
        return failed(name, told(error), mend, Exit.CONFIGURATION)
    certificate, centre = key.certificate, settings.axis.centre
    what = Phrase("the receipt certificate", "chứng thư ký biên nhận")
    expired = validity(name, what, [certificate], now)
    if expired is not None:
        return expired
    signer = visible(signer_of(certificate))
    if centre not in organs_of(certificate):
        return warning(
            name,
            Phrase(
                f"the certificate of {signer} does not name {centre}",
                f"chứng thư của {signer} không ghi mã {centre}",
            ),
            Phrase(
                "partners must be given this very certificate; one that an authority issued to "
                f"{centre} (organizationIdentifier) spares them that",
                "phải gửi đúng chứng thư này cho các bên; chứng thư do tổ chức chứng thực cấp cho "
                f"{centre} (organizationIdentifier) thì không cần",
            ),
        )
    end = _day(certificate.not_valid_after_utc)
    sealed = Phrase(f"sealed by {signer}, until {end}", f"ký bởi {signer}, đến {end}")
    return good(name, sealed)


def look_at_authorities(settings: Settings, now: datetime) -> Finding:
    """Those whose certificates count."""
    name = "authorities"
    known = [
        certificate for file in settings.trust.authorities for certificate in file.certificates
    ]
    if not known:
        return warning(
            name,
            Phrase(
                "no authority is trusted: only certificates pinned in the directory count",
                "không tin tổ chức chứng thực nào: chỉ chứng thư ghim trong danh mục có giá trị",
            ),
            Phrase(
                "set trust.authorities, unless every agency's certificate is pinned",
                "đặt trust.authorities, trừ khi chứng thư của mọi cơ quan đều đã ghim",
            ),
        )
    what = Phrase("an authority", "tổ chức chứng thực")
    valid = Phrase(
        f"{len(known)} trusted, all of them valid", f"tin {len(known)}, tất cả còn hiệu lực"
    )
    return validity(name, what, known, now) or good(name, valid)


def validity(
    name: str, what: Phrase, certificates: Sequence[x509.Certificate], now: datetime
) -> Finding | None:
    """The first certificate that is not valid now or soon will not be; None if all are."""
    for certificate in certificates:
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        signer = visible(signer_of(certificate))
        holds = Phrase(
            f"{what.en}, {signer}, is valid from {_day(start)} to {_day(end)}",
            f"{what.vi}, {signer}, có hiệu lực từ {_day(start)} đến {_day(end)}",
        )
        if not start <= now <= end:
            return failed(
                name,
                Phrase(f"{holds.en}: not now", f"{holds.vi}: hiện không có hiệu lực"),
                Phrase(
                    "renew it, put it in its place, reload", "gia hạn, thay vào chỗ cũ, nạp lại"
                ),
                Exit.CONFIGURATION,
            )
        if end - now < _SOON:
            mend = Phrase("renew it before it ends", "gia hạn trước khi hết hiệu lực")
            return warning(name, holds, mend)
    return None


def look_at_folder(folder: Path) -> Finding:
    """The ledger's disk: there, writable, with room."""
    name = "disk"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        mend = Phrase(
            f"run this as the daemon's user, or chown {there} to it",
            f"chạy lệnh bằng tài khoản của dịch vụ, hoặc chown {there} cho tài khoản đó",
        )
        closed = Phrase(f"{there} cannot be written to", f"không ghi được vào {there}")
        return failed(name, closed, mend, Exit.CONFIGURATION)
    usage = shutil.disk_usage(there)
    free, total = usage.free / _GIB, usage.total / _GIB
    room = Phrase(
        f"{there}: {free:.1f} GiB free of {total:.1f}",
        f"{there}: còn trống {free:.1f} GiB trên {total:.1f}",
    )
    mend = Phrase(
        "make room, or move the ledger to a larger local disk while the daemon stands still",
        "dọn bớt, hoặc dừng dịch vụ rồi chuyển sổ cái sang đĩa cục bộ lớn hơn",
    )
    if usage.free < _LITTLE:
        return failed(name, room, mend, Exit.TEMPORARY)
    if usage.free < _SCARCE:
        return warning(name, room, mend)
    return good(name, room)


def look_at_clock(settings: ClockSettings) -> Finding:
    """Whether the kernel says that its clock is kept right."""
    name = "clock"
    error = clock_error()
    mend = Phrase(
        "run chrony or systemd-timesyncd: receipts carry this clock's time",
        "chạy chrony hoặc systemd-timesyncd: biên nhận mang giờ của đồng hồ này",
    )
    if error is not None and error <= settings.max_error.total_seconds():
        right = f"{error * 1000:.0f} ms"
        return good(name, Phrase(f"right to {right}", f"đúng, sai số tối đa {right}"))
    if error is None:
        off = Phrase(
            "the kernel does not say how well it is kept",
            "hệ điều hành không cho biết độ chính xác",
        )
    elif math.isinf(error):
        off = Phrase("nobody keeps it right", "không được đồng bộ")
    else:
        off = Phrase(f"it may be off by {error:.1f} s", f"có thể sai {error:.1f} giây")
    if settings.require_synchronised:
        unsealed = Phrase(f"{off.en}: nothing is sealed", f"{off.vi}: không ký biên nhận nào")
        return failed(name, unsealed, mend, Exit.TEMPORARY)
    waived = Phrase(
        f"{off.en}, and clock.require_synchronised is off",
        f"{off.vi}, mà clock.require_synchronised đang tắt",
    )
    return warning(name, waived, mend)


def _day(instant: datetime) -> str:
    return instant.date().isoformat()
