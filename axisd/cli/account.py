"""The options with which an agency's client on the command line says where the broker is, and who it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

import click

from axisd.adapters.amqp import Endpoint
from axisd.cli.exits import BadInput
from axisd.cli.files import read_file

_VHOST: Final = "/axis"
_Function = TypeVar("_Function", bound=Callable[..., Any])

_FORM: Final = "amqp://ACCOUNT:PASSWORD@HOST:PORT, with /VHOST where that is not axis"


def account_options(function: _Function) -> _Function:
    """Gives a command `url` and `url_file`, to be passed to `endpoint`."""
    url = click.option(
        "--url",
        envvar="AXISD_AMQP_URL",
        metavar="URL",
        help=f"The broker: {_FORM}. Others on this machine can read it; better is:",
    )
    file = click.option(
        "--url-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="File with that address in it.",
    )
    return url(file(function))


def endpoint(url: str | None, file: Path | None, name: str) -> Endpoint:
    """Where and as whom to connect. `name` shows in the broker's list of connections."""
    if file is not None:
        url = read_file(file).decode("utf-8", "replace").strip()
    if not url:
        raise click.UsageError("say where the broker is: --url-file FILE")
    parts = address(url, "amqp", "amqps")
    if parts is None or not parts.username:
        raise BadInput(
            "this is not the address of a broker with an account",
            where=str(file or "--url"),
            mend=f"write {_FORM}",
        )
    if parts.path in {"", "/"}:
        parts = parts._replace(path=_VHOST)
    return Endpoint(urlunsplit(parts), name=name)


def address(url: str, *schemes: str) -> SplitResult | None:
    """The parts of `url`; None where it names no host, or a port that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for a port that is none
    except ValueError:
        return None
    return parts if parts.scheme in schemes and parts.hostname and port != 0 else None
