"""Signed headers: every parameter is a header, and an HMAC over their JSON says who sent them.

    XroadVnpt-<name>           one per parameter
    XroadVnpt-sign-header-key  the names in signing order, joined by `;`
    XroadVnpt-sign-header      a compact JSON object of the headers, as Gson writes it
    XroadVnpt-hash-header      lower-case hex HMAC-SHA256 over sign-header's UTF-8 bytes

The signature is over sign-header *as sent*, so it is checked over the raw value and parsed afterwards.
`timestamp` is set once in the life of an SDK object, so it says nothing about replay: idempotency must.
The secret is the key; it is never logged, never in an answer, and not in the `repr` of anything here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from axisd.adapters.vxp.protocol.answers import Code, Refused
from axisd.core.zone import VIETNAM

PREFIX: Final = "XroadVnpt-"

_SIGN_HEADER: Final = "sign-header"
_SIGN_KEY: Final = "sign-header-key"
_HASH_HEADER: Final = "hash-header"
_VERSION: Final = "version"
_FURNITURE: Final = frozenset({_SIGN_HEADER, _SIGN_KEY, _HASH_HEADER, _VERSION})
# What Gson writes as \uXXXX by default, so that JSON can stand inside HTML.
_GSON_ESCAPES: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&='"}
_WRONG_ACCOUNT: Final = Refused.of(
    Code.ACCOUNT, "Wrong systemid or secret.", "Sai systemid hoặc khóa bí mật."
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls: the centre's or system's id, and the secret's text."""

    system_id: str
    secret: str = field(repr=False)


def timestamp(moment: datetime) -> str:
    """`ddMMyyyy'T'HHmmss+SSSS` of an aware `moment` in Vietnam's time; SSSS is milliseconds."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%d%m%YT%H%M%S}+{local.microsecond // 1000:04d}"


def header_text(text: str) -> str:
    """`text` as it can stand in a header: ASCII on one line. Vietnamese loses its marks, the rest is `?`.

    What a server makes of other bytes in a header is anybody's guess, and guesses break the signature.
    """
    bare = "".join(
        sign
        for sign in unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
        if not unicodedata.combining(sign)
    )
    visible = "".join(sign if " " <= sign <= "~" else "?" if sign > "~" else " " for sign in bare)
    return " ".join(visible.split())


def signed_headers(
    credentials: Credentials,
    parameters: Mapping[str, str],
    *,
    moment: datetime,
    content_type: str,
) -> dict[str, str]:
    """All headers of one request, in signing order.

    Raises ValueError for a value that a header cannot carry unchanged; `header_text` makes one that can.
    """
    signed = {
        "systemid": credentials.system_id,
        **parameters,
        "timestamp": timestamp(moment),
        "Content-Type": content_type,
    }
    for name, value in signed.items():
        if header_text(value) != value:
            raise ValueError(f"parameter {name} cannot stand in a header: {value!a:.60}")
    headers = {PREFIX + name: value for name, value in signed.items()}
    sign_header = _gson(headers)
    return {
        **headers,
        "Content-Type": content_type,
        PREFIX + _VERSION: "3.0.201608",
        PREFIX + _SIGN_KEY: ";".join(signed),
        PREFIX + _SIGN_HEADER: sign_header,
        PREFIX + _HASH_HEADER: _mac(credentials.secret, sign_header),
    }


@dataclass(frozen=True, slots=True)
class Signed:
    """The parameters that one request proved, by lower-case name. `unsigned`: names sent beside them."""

    system_id: str
    values: Mapping[str, str]
    unsigned: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request's headers claim, before anything is believed: `system_id` says whose secret to get."""

    system_id: str
    _headers: Mapping[str, str]

    def prove(self, secret: str | tuple[str, ...] | None) -> Signed | Refused:
        """The signed parameters; `secret` is None for a system that nobody knows, and several texts while a
        new one takes the place of an old one. Refused (15)."""
        sign_header = self._headers[_SIGN_HEADER]
        given = self._headers[_HASH_HEADER].strip().lower().encode()
        secrets = (secret,) if isinstance(secret, str) else secret or ()
        # All of them are tried, and an unknown system costs the time of one: nobody learns which is right.
        fitting = [
            hmac.compare_digest(_mac(each, sign_header).encode(), given) and bool(each)
            for each in secrets or ("",)
        ]
        if not any(fitting):
            return _WRONG_ACCOUNT
        values = _parameters(sign_header)
        if isinstance(values, Refused):
            return values
        for name, value in values.items():
            if self._headers.get(name) != value:
                return Refused.of(
                    Code.ACCOUNT,
                    f"Header {name!a} is not what was signed, or is missing.",
                    f"Header {name!a} khác với phần đã ký, hoặc bị thiếu.",
                )
        if "systemid" not in values:
            return not_signed("systemid")
        return Signed(self.system_id, values, frozenset(self._headers.keys() - values.keys()))


def read_claim(headers: Iterable[tuple[str, str]]) -> Claim | Refused:
    """The claim in all of a request's headers, whatever the case of their names. Refused (15).

    A header sent twice with two values is refused: which of them is meant must not be our choice.
    """
    ours: dict[str, str] = {}
    for name, value in headers:
        if not name.lower().startswith(PREFIX.lower()):
            continue
        short = name[len(PREFIX) :].lower()
        text = _text(value)
        if ours.setdefault(short, text) != text:
            return Refused.of(
                Code.ACCOUNT,
                f"Header {short!a} was sent twice, differently.",
                f"Header {short!a} được gửi hai lần với hai giá trị khác nhau.",
            )
    for needed in ("systemid", _SIGN_HEADER, _HASH_HEADER):
        if not ours.get(needed):
            return Refused.of(
                Code.ACCOUNT,
                f"Header {PREFIX}{needed} is missing.",
                f"Thiếu header {PREFIX}{needed}.",
            )
    return Claim(ours["systemid"], ours)


def not_signed(name: str) -> Refused:
    """A parameter that was sent beside what was signed."""
    return Refused.of(
        Code.ACCOUNT,
        f"Header {name} was sent but not signed.",
        f"Header {name} được gửi nhưng chưa được ký.",
    )


def _parameters(sign_header: str) -> dict[str, str] | Refused:
    try:
        pairs = json.loads(sign_header, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return Refused.of(
            Code.ACCOUNT, "sign-header is not JSON.", "sign-header không phải là JSON."
        )
    if not isinstance(pairs, _Pairs):
        return Refused.of(
            Code.ACCOUNT,
            "sign-header is not a JSON object.",
            "sign-header không phải là đối tượng JSON.",
        )
    values: dict[str, str] = {}
    for name, value in pairs:
        short = name.lower().removeprefix(PREFIX.lower())
        if not isinstance(value, str) or short in values or short in _FURNITURE:
            return Refused.of(
                Code.ACCOUNT,
                f"sign-header has a wrong entry {name!a}.",
                f"sign-header có mục {name!a} không đúng.",
            )
        values[short] = value.strip(" \t")  # HTTP strips the header's own value just so
    return values


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a name given twice is seen."""


def _gson(headers: Mapping[str, str]) -> str:
    compact = json.dumps(headers, ensure_ascii=True, separators=(",", ":"))
    return compact.translate(_GSON_ESCAPES)


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _text(value: str) -> str:
    """A header's value as its sender meant it: UTF-8, else Latin-1 (what Java's clients send)."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.strip(" \t")
