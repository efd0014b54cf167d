"""What an integrator is handed when a system is enrolled: everything he needs, in Vietnamese and English.

The secret stands here and nowhere else. The text is for a person and goes into an envelope; `facts` are the
same for a program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from axisd.adapters.amqp.topology import SUBMIT, queues_of
from axisd.config.load import Configuration
from axisd.config.units import format_size
from axisd.core.allowance import Allowance
from axisd.core.directory import Channel, Profile, System
from axisd.core.submission import Lane

_DOCS: Final = {
    Channel.AMQP: ("docs/vi/ket-noi-he-thong.md", "docs/reference/amqp.md"),
    Channel.VXP: ("docs/vi/ket-noi-qua-vxp.md", "docs/reference/vxp.md"),
    Channel.EDOC: ("docs/vi/ket-noi-edoc.md", "docs/reference/edoc.md"),
}
_BASES: Final = {Channel.VXP: "/vxp", Channel.EDOC: "/EdocService"}
_PROFILES: Final = {
    Profile.REQUIRED: ("mọi gói tin phải được ký số", "every envelope must be signed"),
    Profile.IF_PRESENT: (
        "gói tin không ký được nhận như bản tham khảo",
        "an unsigned envelope is accepted as a reference copy",
    ),
    Profile.RECORDED: (
        "chữ ký được ghi nhận, không phải điều kiện",
        "the signature is noted and never a cause to refuse",
    ),
}


class _Line(NamedTuple):
    vi: str
    en: str
    value: str
    fact: str


@dataclass(frozen=True, slots=True)
class Handout:
    """`secret`: password, HMAC secret or token; None for an account that logs in with a certificate.
    `agencies`: code and name. `address`: of the broker or the door; `certain` if it was set as public."""

    axis: str
    system: System
    agencies: tuple[tuple[str, str], ...]
    address: str
    certain: bool
    vhost: str
    secret: str | None = field(repr=False)

    @classmethod
    def of(cls, loaded: Configuration, account: str, secret: str | None) -> Handout:
        """For one system of `loaded`."""
        directory = loaded.view.directory
        system = directory.systems[account]
        agencies = tuple(
            (agency.code, agency.name)
            for code in system.agencies
            if (agency := directory.find(code)) is not None
        )
        address, certain = _address(loaded, system.channel)
        axis = loaded.settings.axis
        vhost = loaded.settings.amqp.vhost
        return cls(
            f"{axis.name} ({axis.centre})", system, agencies, address, certain, vhost, secret
        )

    def facts(self, *, secret: bool) -> dict[str, Any]:
        """For `--json`; the secret only where it is to be shown."""
        told: dict[str, Any] = {line.fact: line.value for line in self._lines(secret=secret)}
        told["agencies"] = [{"code": code, "name": name} for code, name in self.agencies]
        told["docs"] = list(_DOCS[self.system.channel])
        return told

    def text(self, *, secret: bool = True) -> str:
        """Both languages, one after the other."""
        lines = list(self._lines(secret=secret))
        docs = _DOCS[self.system.channel]
        vi = [
            f"KẾT NỐI VỚI {self.axis.upper()}",
            "",
            *_aligned((line.vi, line.value) for line in lines),
            "",
            "Cơ quan được phục vụ:",
            *(f"  {code}  {name}" for code, name in self.agencies),
            "",
            f"Chữ ký số ({self.system.profile}): {_PROFILES[self.system.profile][0]}.",
            *_limits_vi(self.system.allowance),
            f"Tài liệu: {docs[0]}",
        ]
        en = [
            f"CONNECTING TO {self.axis}",
            "",
            *_aligned((line.en, line.value) for line in lines),
            "",
            "Agencies that it serves:",
            *(f"  {code}  {name}" for code, name in self.agencies),
            "",
            f"Signatures ({self.system.profile}): {_PROFILES[self.system.profile][1]}.",
            *_limits_en(self.system.allowance),
            f"Documentation: {docs[1]}",
        ]
        return "\n".join((*vi, "", "-" * 40, "", *en)) + "\n"

    def _lines(self, *, secret: bool) -> Iterator[_Line]:
        amqp = self.system.channel is Channel.AMQP
        yield from self._amqp(secret=secret) if amqp else self._door(secret=secret)

    def _amqp(self, *, secret: bool) -> Iterator[_Line]:
        yield _Line("Máy chủ", "Broker", self.address, "address")
        yield _Line("Vhost", "Vhost", self.vhost, "vhost")
        yield _Line("Tài khoản", "Account", self.system.account, "account")
        if self.secret is None:
            certificate = (
                "EXTERNAL: CN của chứng thư / CN of the certificate = " + self.system.account
            )
            yield _Line("Đăng nhập", "Login", certificate, "login")
        elif secret:
            yield _Line("Mật khẩu", "Password", self.secret, "password")
        lanes = f"{Lane.NORMAL} | {Lane.URGENT}"
        yield _Line("Làn", "Lanes", lanes, "lanes")
        yield _Line("Gửi vào exchange", "Submit to exchange", SUBMIT, "exchange")
        for code, _ in self.agencies:
            inbox, receipts = queues_of(code)
            yield _Line(
                "Khóa định tuyến", "Routing key", f"<làn|lane>.{code}", f"routing_key.{code}"
            )
            yield _Line("Hộp nhận", "Inbox", inbox, f"inbox.{code}")
            yield _Line("Biên nhận", "Receipts", receipts, f"receipts.{code}")

    def _door(self, *, secret: bool) -> Iterator[_Line]:
        edoc = self.system.channel is Channel.EDOC
        yield _Line("Địa chỉ gốc", "Base URL", self.address, "address")
        if edoc:
            organs = " | ".join((*(code for code, _ in self.agencies), self.system.account))
            yield _Line("organid", "organid", organs, "organid")
        else:
            yield _Line("systemid", "systemid", self.system.account, "systemid")
            froms = " | ".join(code for code, _ in self.agencies)
            yield _Line("from", "from", froms, "from")
        if secret and self.secret is not None:
            names = (
                ("authorization (token)",) * 2 if edoc else ("Khóa bí mật (HMAC)", "Secret (HMAC)")
            )
            yield _Line(*names, self.secret, "token" if edoc else "secret")


def _address(loaded: Configuration, channel: Channel) -> tuple[str, bool]:
    """Where the system connects to; what the daemon itself uses where nothing is said for others."""
    settings = loaded.settings
    if channel is Channel.AMQP:
        if settings.amqp.public_url is not None:
            return settings.amqp.public_url, True
        parts = urlsplit(settings.amqp.connection_url())
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", "")), False
    public = settings.http.public_url
    return (public or f"http://{settings.http.listen}") + _BASES[channel], public is not None


def _aligned(lines: Iterator[tuple[str, str]]) -> list[str]:
    rows = list(lines)
    width = max(len(name) for name, _ in rows)
    return [f"  {name.ljust(width)}  {value}" for name, value in rows]


def _limits_vi(allowance: Allowance) -> Iterator[str]:
    if told := _limits(allowance, "lượt/giây", "mỗi gói tin", "lượt chuyển chưa đi"):
        yield f"Giới hạn: {told}."


def _limits_en(allowance: Allowance) -> Iterator[str]:
    if told := _limits(allowance, "submissions/s", "an envelope", "deliveries outstanding"):
        yield f"Limits: {told}."


def _limits(allowance: Allowance, rate: str, size: str, outstanding: str) -> str:
    told = []
    if allowance.rate is not None:
        told.append(f"{allowance.rate:g} {rate} ({allowance.at_once:g})")
    if allowance.size is not None:
        told.append(f"{format_size(allowance.size)} {size}")
    if allowance.outstanding is not None:
        told.append(f"{allowance.outstanding} {outstanding}")
    return ", ".join(told)
