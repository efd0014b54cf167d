"""Telling systemd how we are: one datagram to $NOTIFY_SOCKET for each message (sd_notify(3)).

Without that variable nothing is sent and nothing happens, so the daemon runs the same from a shell.
Messages are best effort: a lost one shows in systemd, and never stops the daemon. This module reads the
environment once, when the `Notifier` is made, and takes the variables away from child processes.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Final

_STATUS_LENGTH: Final = 200


class Notifier:
    """`READY`, `RELOADING`, `STOPPING`, `WATCHDOG` and a line of status, as systemd wants them."""

    def __init__(self) -> None:
        self._address = _address(os.environ.pop("NOTIFY_SOCKET", ""))
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        pid = os.environ.pop("WATCHDOG_PID", "")
        ours = not pid or pid == str(os.getpid())
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdigit() and ours else None

    def watchdog_interval(self) -> float | None:
        """Seconds after which systemd gives up on us without `watchdog`; None if it does not watch.

        Ping at half of it (sd_watchdog_enabled(3)).
        """
        return self._watchdog or None

    def ready(self, status: str = "") -> None:
        """Everything works; also the end of a reload."""
        self._send("READY=1", status)

    def reloading(self, status: str = "") -> None:
        """A reload begins; `ready` says that it is over. The time must be in the same datagram."""
        # systemd compares it with its own clock, so no other clock than the machine's will do.
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}", status)

    def stopping(self, status: str = "") -> None:
        """The orderly end begins."""
        self._send("STOPPING=1", status)

    def watchdog(self) -> None:
        """Every part is alive."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One useful line for `systemctl status`."""
        self._send("", text)

    def _send(self, message: str, status: str = "") -> None:
        if self._address is None:
            return
        line = " ".join(status.split())[:_STATUS_LENGTH]
        content = "\n".join(filter(None, (message, f"STATUS={line}" if line else "")))
        if not content:
            return
        with (
            contextlib.suppress(OSError),  # systemd notices what it does not hear
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams,
        ):
            datagrams.setblocking(False)
            datagrams.sendto(content.encode(), self._address)


def _address(text: str) -> str | bytes | None:
    """A path, or with a leading @ a name in the abstract namespace (unix(7)); nothing else is known."""
    if text.startswith("@"):
        return b"\0" + os.fsencode(text[1:])
    return text if text.startswith("/") else None
