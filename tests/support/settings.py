"""A configuration that loads: the shipped examples, with keys and credentials made for the test."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from axisd.resources import config_path
from tests.support.national import PROVINCE, SECRETS

TODAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Site:
    """A folder as an operator would have it under /etc/axisd."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "axisd.yaml"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def shipped_site(folder: Path) -> Site:
    """The shipped examples in `folder`, made loadable: no credentials, everything relative."""
    for name in (
        "axisd.yaml",
        "systems.yaml",
        "agencies.csv",
        "level1.csv",
        "calendar-exceptions.yaml",
    ):
        shutil.copy(config_path(name), folder / name)
    write_pair(folder / "receipt.key", folder / "receipt.pem")
    (folder / "amqp-url").write_text("amqp://axisd:hush@127.0.0.1:5672\n", encoding="utf-8")
    site = Site(folder)
    site.edit("axisd.yaml", "credential:amqp-url", "amqp-url")
    site.edit("axisd.yaml", "credential:receipt-key", "receipt.key")
    site.edit("axisd.yaml", "/var/lib/axisd", "ledger")
    site.edit("axisd.yaml", "/run/axisd/control.sock", "control.sock")
    return site


def small_site(folder: Path) -> Site:
    """Three agencies and two systems, nothing set that has a default."""
    write_pair(folder / "receipt.key", folder / "receipt.pem")
    site = Site(folder)
    site.write(
        "agencies.csv",
        "code,twin,name,intake\n"
        "000.00.01.H53,,Văn phòng UBND tỉnh,\n"
        "000.00.11.H53,,Sở Tài chính,\n"
        "000.20.30.H53,,UBND Phường 1,000.00.01.H53\n",
    )
    site.write(
        "systems.yaml",
        "systems:\n"
        "  - {account: office, channel: amqp, agencies: [000.00.01.H53]}\n"
        "  - {account: finance, channel: amqp, agencies: [000.00.11.H53]}\n",
    )
    site.write(
        "axisd.yaml",
        "axis: {centre: 00.53.W00, name: Trục, local_level1: [H53]}\n"
        "ledger: {folder: ledger}\n"
        "amqp: {url: 'amqp://127.0.0.1:5672'}\n"
        "control: {socket: control.sock}\n"
        "receipts: {key: receipt.key, certificate: receipt.pem}\n"
        "directory: {agencies: [agencies.csv], systems: systems.yaml}\n"
        "clock: {require_synchronised: false}\n",
    )
    return site


def joined(folder: Path, url: str, secret: str = SECRETS[PROVINCE]) -> Site:
    """A site that is joined to the national axis at `url`."""
    site = small_site(folder)
    site.write("national.secret", secret)
    national = {"url": url, "system_id": PROVINCE, "secret_file": "national.secret"}
    site.write("axisd.yaml", f"{site.config.read_text()}national: {json.dumps(national)}\n")
    return site


PROBE = "000.00.90.H53"


def with_probe_agency(site: Site, code: str = PROBE, *, channel: str = "amqp") -> None:
    """Adds the probe agency, served by a system of its own called `probe`."""
    agencies = site.folder / "agencies.csv"
    header = agencies.read_text(encoding="utf-8").partition("\n")[0].split(",")
    row = {"code": code, "name": "Cơ quan kiểm tra liên thông"}
    line = ",".join(row.get(column, "") for column in header)
    site.write("agencies.csv", agencies.read_text(encoding="utf-8") + line + "\n")
    systems = (site.folder / "systems.yaml").read_text(encoding="utf-8")
    secret = "" if channel == "amqp" else ", secret_file: probe.secret"
    if secret:
        site.write("probe.secret", "a secret of the probe\n")
    more = f"\n  - {{account: probe, channel: {channel}, agencies: [{code}]{secret}}}\n"
    site.write("systems.yaml", systems.rstrip("\n") + more)


def write_pair(key_path: Path, certificate_path: Path, *, name: str = "axis") -> x509.Certificate:
    """A fresh key and its self-signed certificate, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return certificate
