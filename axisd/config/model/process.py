"""Sections on the daemon as a process: where it listens, how it is told, how it stops, what it logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from axisd.config.model.section import Section, setting
from axisd.config.model.terms import PublicHttpUrl, Socket
from axisd.config.units import Address, Duration, Listen


class HttpSettings(Section):
    """Metrics, health and the doors for systems that come over HTTP."""

    listen: Listen = setting("Address to listen on.", default=Address("127.0.0.1", 9153))
    public_url: PublicHttpUrl | None = setting(
        "Address at which agencies' systems reach the doors, such as https://axis.example.vn: what axisd"
        " system tells them.",
        reloads=True,
        default=None,
    )
    registrar: str = setting(
        "Whom to ask for an agency's code: told to systems that may not register it at the VXP door.",
        default="",
        max_length=200,
    )


class ControlSettings(Section):
    """How commands reach the running daemon."""

    socket: Socket = setting(
        "Path of the Unix socket on which the daemon takes operators' commands."
    )


class StopSettings(Section):
    """How the daemon stops at SIGTERM. A second SIGTERM does not wait."""

    drain: Duration = setting(
        "How long submissions in flight may take to settle.", default=timedelta(seconds=20)
    )
    relay: Duration = setting(
        "How long the relay may then go on publishing.", default=timedelta(seconds=5)
    )


class LogSettings(Section):
    """What is logged, always to stderr."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "Least severity that is logged.", reloads=True, default="info"
    )
    format: Literal["auto", "json", "console"] = setting(
        "One JSON object per line, or lines for people; auto is console on a terminal, else json.",
        default="auto",
    )
