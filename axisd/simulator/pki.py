"""A private certification authority for tests, the demo and sandboxes. Never for anybody's real keys.

`Authority` lives in memory and can also issue what an axis must refuse; `Pki` keeps one in a folder,
together with the keys and certificates that it issued, each file readable by its owner only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from axisd.adapters.clock import SystemClock
from axisd.core.signing import PrivateKey, SigningKey
from axisd.core.trust import ORGAN_URI

LIFETIME: Final = timedelta(days=365)
_BEFORE: Final = timedelta(days=1)
_CN_LENGTH: Final = 64
"""RFC 5280 appendix A: ub-common-name, here in bytes."""


def usage(*, signs: bool = True, commits: bool = True, issues: bool = False) -> x509.KeyUsage:
    """A keyUsage with digitalSignature, contentCommitment, keyCertSign as asked, and nothing else."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=commits,
        key_encipherment=not (signs or commits or issues),
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )


def new_key(kind: str = "rsa2048") -> PrivateKey:
    """A key: `rsa` and its bits, or `ec-p256`, `ec-p384`, `ec-p521`."""
    curves: dict[str, ec.EllipticCurve] = {
        "ec-p256": ec.SECP256R1(),
        "ec-p384": ec.SECP384R1(),
        "ec-p521": ec.SECP521R1(),
    }
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, its certificate, and the authorities between it and the root."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    def signing_key(self) -> SigningKey:
        return SigningKey(self.key, (self.certificate, *self.chain))


class Authority:
    """Issues certificates, valid from a day before `now` for a year."""

    def __init__(self, credential: Credential, now: datetime) -> None:
        self.key = credential.key
        self.certificate = credential.certificate
        self.chain = credential.chain
        self.now = now

    @classmethod
    def root(
        cls, now: datetime, *, name: str = "Axis Sandbox CA", kind: str = "ec-p256"
    ) -> Authority:
        key = new_key(kind)
        subject = _name(name)
        certificate = _build(
            key, subject, subject, key, (now - 10 * LIFETIME, now + 10 * LIFETIME), _CA_EXTENSIONS
        )
        return cls(Credential(key, certificate), now)

    def subordinate(self, name: str, *, authority: bool = True) -> Authority:
        """An authority below this one; with `authority` False one that only pretends to be."""
        key = new_key("ec-p256")
        extensions = _CA_EXTENSIONS if authority else _leaf_extensions("", usage(), authority=False)
        certificate = self._certify(key, _name(name), self._window(None, None), extensions)
        return Authority(Credential(key, certificate, (certificate, *self.chain)), self.now)

    def issue(
        self,
        code: str,
        *,
        name: str = "",
        kind: str = "rsa2048",
        key: PrivateKey | None = None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key_usage: x509.KeyUsage | None = None,
        states_usage: bool = True,
        authority: bool = False,
        subject_organ: bool = True,
        uri_organ: bool = True,
    ) -> Credential:
        """A certificate that names the agency `code` as organizationIdentifier and as SAN URI.

        The rest makes it one that must be refused: another time, no or another keyUsage, an authority's
        basicConstraints, no agency named.
        """
        key = key or new_key(kind)
        subject = _name(name or code, code if subject_organ else "")
        extensions = _leaf_extensions(
            code if uri_organ else "",
            (key_usage or usage()) if states_usage else None,
            authority=authority,
        )
        certificate = self._certify(key, subject, self._window(not_before, not_after), extensions)
        return Credential(key, certificate, self.chain)

    def _window(
        self, not_before: datetime | None, not_after: datetime | None
    ) -> tuple[datetime, datetime]:
        return not_before or self.now - _BEFORE, not_after or self.now + LIFETIME

    def _certify(
        self,
        key: PrivateKey,
        subject: x509.Name,
        window: tuple[datetime, datetime],
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        return _build(key, subject, self.certificate.subject, self.key, window, extensions)


class Pki:
    """An authority and what it issued, in a folder: `ca.pem`, `ca.key`, `<code>.pem`, `<code>.key`.

    A folder that has an authority already goes on with it.
    """

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self._folder = folder
        self.authority = folder / "ca.pem"
        self.authority_key = folder / "ca.key"
        folder.mkdir(parents=True, exist_ok=True)
        now = now or SystemClock().now()
        if self.authority.exists():
            self._authority = Authority(_kept(self.authority_key, self.authority), now)
        else:
            self._authority = Authority.root(now)
            _write(self.authority_key, _key_pem(self._authority.key))
            _write(self.authority, self._authority.certificate.public_bytes(Encoding.PEM))

    def issue(
        self,
        code: str,
        *,
        name: str = "",
        key_type: str = "rsa2048",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        file: str | None = None,
    ) -> tuple[Path, Path]:
        """Files with a new key and its certificate for the agency or axis `code`: key, certificate.

        `file`: their name without the ending, the code if None.
        """
        credential = self._authority.issue(
            code, name=name, kind=key_type, not_before=not_before, not_after=not_after
        )
        key = self._folder / f"{file or code}.key"
        certificate = self._folder / f"{file or code}.pem"
        _write(key, _key_pem(credential.key))
        _write(certificate, credential.certificate.public_bytes(Encoding.PEM))
        return key, certificate


def _name(common: str, organ: str = "") -> x509.Name:
    cut = common.encode()[:_CN_LENGTH].decode("utf-8", "ignore")
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.COMMON_NAME, cut),
    ]
    if organ:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organ))
    return x509.Name(attributes)


_CA_EXTENSIONS: Final[tuple[tuple[x509.ExtensionType, bool], ...]] = (
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (usage(signs=False, commits=False, issues=True), True),
)


def _leaf_extensions(
    code: str, key_usage: x509.KeyUsage | None, *, authority: bool
) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=authority, path_length=None), True)
    ]
    if key_usage is not None:
        extensions.append((key_usage, True))
    if code:
        uri = x509.UniformResourceIdentifier(ORGAN_URI + code)
        extensions.append((x509.SubjectAlternativeName([uri]), False))
    return extensions


def _build(
    key: PrivateKey,
    subject: x509.Name,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    window: tuple[datetime, datetime],
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(window[0])
        .not_valid_after(window[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _kept(key: Path, certificate: Path) -> Credential:
    private = load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return Credential(private, x509.load_pem_x509_certificate(certificate.read_bytes()))


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
