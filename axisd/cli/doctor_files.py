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
from axisd.cli.findings import Finding, failed, good, warning
from axisd.cli.output import visible
from axisd.config.model import ClockSettings, Settings
from axisd.core.trust import organs_of, signer_of
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
            f"everybody on this machine can read {paths}",
            f"chmod o= {paths}",
            Exit.CONFIGURATION,
        )
    return good(name, f"{len(files)} files that only their owner and group may read")


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
        mend = "set receipts.key and receipts.certificate to a pair: RSA from 2048 bits, P-256 or P-384"
        return failed(name, str(error), mend, Exit.CONFIGURATION)
    certificate, centre = key.certificate, settings.axis.centre
    expired = validity(name, "the receipt certificate", [certificate], now)
    if expired is not None:
        return expired
    signer = visible(signer_of(certificate))
    if centre not in organs_of(certificate):
        return warning(
            name,
            f"the certificate of {signer} does not name {centre}",
            "partners must be given this very certificate; one that an authority issued to "
            f"{centre} (organizationIdentifier) spares them that",
        )
    return good(name, f"sealed by {signer}, until {_day(certificate.not_valid_after_utc)}")


def look_at_authorities(settings: Settings, now: datetime) -> Finding:
    """Those whose certificates count."""
    name = "authorities"
    known = [
        certificate for file in settings.trust.authorities for certificate in file.certificates
    ]
    if not known:
        return warning(
            name,
            "no authority is trusted: only certificates pinned in the directory count",
            "set trust.authorities, unless every agency's certificate is pinned",
        )
    expired = validity(name, "an authority", known, now)
    return expired or good(name, f"{len(known)} trusted, all of them valid")


def validity(
    name: str, what: str, certificates: Sequence[x509.Certificate], now: datetime
) -> Finding | None:
    """The first certificate that is not valid now or soon will not be; None if all are."""
    for certificate in certificates:
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        told = (
            f"{what}, {visible(signer_of(certificate))}, is valid from {_day(start)} to {_day(end)}"
        )
        if not start <= now <= end:
            return failed(
                name,
                f"{told}: not now",
                "renew it, put it in its place, reload",
                Exit.CONFIGURATION,
            )
        if end - now < _SOON:
            return warning(name, told, "renew it before it ends")
    return None


def look_at_folder(folder: Path) -> Finding:
    """The ledger's disk: there, writable, with room."""
    name = "disk"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        mend = f"run this as the daemon's user, or chown {there} to it"
        return failed(name, f"{there} cannot be written to", mend, Exit.CONFIGURATION)
    usage = shutil.disk_usage(there)
    told = f"{there}: {usage.free / _GIB:.1f} GiB free of {usage.total / _GIB:.1f}"
    mend = "make room, or move the ledger to a larger local disk while the daemon stands still"
    if usage.free < _LITTLE:
        return failed(name, told, mend, Exit.TEMPORARY)
    if usage.free < _SCARCE:
        return warning(name, told, mend)
    return good(name, told)


def look_at_clock(settings: ClockSettings) -> Finding:
    """Whether the kernel says that its clock is kept right."""
    name = "clock"
    error = clock_error()
    mend = "run chrony or systemd-timesyncd: receipts carry this clock's time"
    if error is not None and error <= settings.max_error.total_seconds():
        return good(name, f"right to {error * 1000:.0f} ms")
    if error is None:
        told = "the kernel does not say how well it is kept"
    elif math.isinf(error):
        told = "nobody keeps it right"
    else:
        told = f"it may be off by {error:.1f} s"
    if settings.require_synchronised:
        return failed(name, f"{told}: nothing is sealed", mend, Exit.TEMPORARY)
    return warning(name, f"{told}, and clock.require_synchronised is off", mend)


def _day(instant: datetime) -> str:
    return instant.date().isoformat()
