"""The types of settings that are neither numbers nor files: codes of the field, addresses, sockets.

A wrong one is told with what a right one looks like; an address, which may carry a password, is never
repeated.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, SecretStr

from axisd.config.files import Place
from axisd.config.units import Called
from axisd.core.codes import is_centre, is_code

_SOCKET_LENGTH: Final = 107
"""Bytes of a Unix socket's path at most (sun_path less its end, unix(7))."""


def _code(text: str) -> str:
    if not is_code(text):
        raise ValueError(f"{text!a} is not an agency code: letters, digits and dots, at most 35")
    return text


def _centre(text: str) -> str:
    if not is_centre(text):
        raise ValueError(f"{text!a} is not the code of a centre, which looks like 00.53.W00")
    return text


def _level1(text: str) -> str:
    if not (len(text) == 3 and text.isalnum() and text.isascii() and text.isupper()):
        raise ValueError(f"{text!a} is not a level-1 code, which looks like H53")
    return text


def amqp_url(value: SecretStr) -> SecretStr:
    """The address of a broker without a vhost. Raises ValueError for anything else."""
    parts = _split(value)
    if parts.scheme not in {"amqp", "amqps"} or not parts.hostname:
        raise ValueError(
            "write amqp://HOST:PORT or amqps://HOST:PORT; the account stands before an @"
        )
    if parts.path.strip("/"):
        raise ValueError("the URL names a vhost; leave it out and set amqp.vhost instead")
    return value


def http_url(value: SecretStr) -> SecretStr:
    """The address of an HTTP service. Raises ValueError for anything else."""
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write http://HOST:PORT or https://HOST:PORT")
    return value


def _public_amqp(text: str) -> str:
    amqp_url(SecretStr(text))
    return _told(text)


def _public_http(text: str) -> str:
    http_url(SecretStr(text))
    return _told(text)


def _told(text: str) -> str:
    parts = urlsplit(text)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "others are told it: write the address alone, without an account or a query"
        )
    return text.rstrip("/")


def _split(value: SecretStr) -> Any:
    try:
        parts = urlsplit(value.get_secret_value())
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError as error:
        raise ValueError(f"this is not a URL: {error}") from error
    return parts


def _socket(place: Any) -> Any:
    if len(str(place).encode()) > _SOCKET_LENGTH:
        raise ValueError(
            f"the path of a socket has at most {_SOCKET_LENGTH} bytes; choose a shorter one"
        )
    return place


Code = Annotated[str, AfterValidator(_code), Called("agency code")]
Centre = Annotated[str, AfterValidator(_centre), Called("centre code")]
Level1 = Annotated[str, AfterValidator(_level1), Called("level-1 code")]
AmqpUrl = Annotated[SecretStr, AfterValidator(amqp_url), Called("AMQP URL")]
HttpUrl = Annotated[SecretStr, AfterValidator(http_url), Called("HTTP URL")]
PublicAmqpUrl = Annotated[str, AfterValidator(_public_amqp), Called("AMQP URL")]
PublicHttpUrl = Annotated[str, AfterValidator(_public_http), Called("HTTP URL")]
Socket = Annotated[Place, AfterValidator(_socket)]


def with_vhost(url: str, vhost: str) -> str:
    """The address of the broker with its vhost in it."""
    address, mark, query = url.partition("?")
    return f"{address.rstrip('/')}/{quote(vhost, safe='')}{mark}{query}"
