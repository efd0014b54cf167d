"""What commands on RabbitMQ have in common: its management API, what it should look like, new passwords.

The daemon's own account is not an administrator; whoever runs these commands says where one's address lies.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from axisd.adapters.amqp import Definitions, Endpoint, render
from axisd.adapters.amqp.topology import password_hash
from axisd.adapters.clock import SystemClock
from axisd.cli.account import address
from axisd.cli.exits import BadInput
from axisd.cli.files import read_file
from axisd.config.load import Configuration, read
from axisd.core.zone import day_of
from axisd.errors import ConfigError, Problem

_SECRET_BYTES: Final = 24

management_option = click.option(
    "--management-url-file",
    "management",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with http://ADMIN:PASSWORD@HOST:15672, instead of the configured one.",
)
"""Gives a command its `management: Path | None`, to be passed to `admin_of`."""


@dataclass(frozen=True, slots=True)
class Admin:
    """The management API, and its address without the password."""

    url: str = field(repr=False)
    place: str


def read_now(config: Path, instead: Mapping[Path, str] | None = None) -> Configuration:
    """The configuration as of today; `instead` as `axisd.config.load.read` has it."""
    return read(config, day=day_of(SystemClock().now()), instead=instead)


def daemon_account(loaded: Configuration) -> str:
    """The daemon's own account."""
    return Endpoint(loaded.settings.amqp.connection_url()).account


def wanted_of(loaded: Configuration, fresh: Mapping[str, str] | None = None) -> Definitions:
    """What the directory asks of RabbitMQ; `fresh`: new passwords by account."""
    hashes = {account: password_hash(word) for account, word in (fresh or {}).items()}
    return render(
        loaded.view.directory,
        vhost=loaded.settings.amqp.vhost,
        daemon_user=daemon_account(loaded),
        hashes=hashes,
    )


def admin_of(loaded: Configuration, file: Path | None) -> Admin:
    """The management API as `file` or the configuration names it. ConfigError if neither does."""
    url = loaded.settings.amqp.management()
    if file is not None:
        url = read_file(file).decode("utf-8", "replace").strip()
        if address(url, "http", "https") is None:
            raise BadInput("it must hold http://ADMIN:PASSWORD@HOST:PORT", where=str(file))
    if url is None:
        text = (
            "amqp.management_url is not set: set it, or management_url_file where it has a password"
        )
        raise ConfigError((Problem(str(loaded.file), 0, text),))
    return Admin(url, f"RabbitMQ at {urlsplit(url).netloc.rpartition('@')[2]}")


def new_secret() -> str:
    """A password, a secret or a token: 32 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(_SECRET_BYTES)
