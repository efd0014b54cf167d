"""Step 7: may this certificate sign for this agency at this time?

Two ways in: the directory pins the certificate or its public key to the agency; or a configured
authority vouches for it, and the certificate names the agency. After that, time, key and purpose are
judged the same way for both. Chains are built by cryptography's verifier; what it found is remembered
for the few certificates that sign nearly everything. Nothing here reads files or asks the network;
revocation is not judged here. What a certificate contains never raises: it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from axisd.core.directory import Agency
from axisd.core.reasons import Refusal, refuse
from axisd.core.zone import wire_time

ORGAN_URI: Final = "urn:edxml:organ:"
"""A subjectAltName URI of this form names the agency whose code follows."""

RSA_BITS: Final = range(2048, 8192 + 1)
CURVES: Final = (ec.SECP256R1, ec.SECP384R1)

_REMEMBERED: Final = 512
_SIGNER_LENGTH: Final = 300
_UNREADABLE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What cryptography raises, late, for certificates that are not what they should be."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which every certificate of a chain is valid, both ends included (RFC 5280 §4.1.2.5)."""

    start: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        return self.start <= now <= self.end


class Fault(NamedTuple):
    """What is wrong with a certificate, as part of a sentence in either language."""

    en: str
    vi: str


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The authorities whose word counts. Immutable; it only remembers chains that it has built."""

    authorities: tuple[x509.Certificate, ...] = ()
    _store: verification.Store | None = field(init=False, repr=False, compare=False)
    _chains: dict[tuple[x509.Certificate, ...], Window] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        store = verification.Store(list(self.authorities)) if self.authorities else None
        object.__setattr__(self, "_store", store)

    @classmethod
    def empty(cls) -> TrustStore:
        return cls()

    def window(
        self, certificate: x509.Certificate, chain: Sequence[x509.Certificate], now: datetime
    ) -> Window | None:
        """When an authority's word for `certificate` holds; None if none ever vouched for it.

        `chain`: certificates sent along that may help to reach an authority; they are never trusted
        by themselves. The window can lie before or after `now`: then the chain exists, but not now.
        """
        if self._store is None:
            return None
        key = (certificate, *chain)
        known = self._chains.get(key)
        if known is not None and known.holds(now):
            return known
        # The two ends of the certificate's own time tell "expired" from "never heard of".
        for instant in (now, certificate.not_valid_before_utc, certificate.not_valid_after_utc):
            window = _window(self._store, certificate, chain, instant)
            if window is not None:
                if len(self._chains) >= _REMEMBERED:
                    self._chains.clear()
                self._chains[key] = window
                return window
        return None


def judge(
    certificate: x509.Certificate,
    agency: Agency,
    *,
    trust: TrustStore,
    now: datetime,
    chain: Sequence[x509.Certificate] = (),
) -> Refusal | None:
    """Why `certificate` may not sign for `agency` at `now`; None if it may."""
    pinned = bool(agency.pins) and not agency.pins.isdisjoint(fingerprints(certificate))
    signer = signer_of(certificate)
    window: Window | None = Window(
        certificate.not_valid_before_utc, certificate.not_valid_after_utc
    )
    if not pinned:
        window = trust.window(certificate, chain, now)
        if window is None:
            return refuse("signer-unknown", signer=signer, agency=agency.code)
        if not {agency.code, agency.twin}.intersection(organs_of(certificate)):
            return refuse("signer-not-sender", signer=signer, agency=agency.code)
    assert window is not None
    if now > window.end:
        return refuse("signer-expired", signer=signer, date=_date(window.end))
    if now < window.start:
        return refuse("signer-not-yet-valid", signer=signer, date=_date(window.start))
    fault = key_fault(certificate) or purpose_fault(certificate, must_say=not pinned)
    if fault is not None:
        return refuse("signer-key", signer=signer, detail=fault.en, detail_vi=fault.vi)
    return None


@lru_cache(_REMEMBERED)
def fingerprints(certificate: x509.Certificate) -> frozenset[str]:
    """What a pin may be: hex SHA-256 of the certificate's DER, and of its SubjectPublicKeyInfo's."""
    prints = {hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()}
    try:
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except _UNREADABLE:
        return frozenset(prints)
    return frozenset(prints | {hashlib.sha256(key).hexdigest()})


@lru_cache(_REMEMBERED)
def signer_of(certificate: x509.Certificate) -> str:
    """The subject as RFC 4514 text, cut where it is unreasonably long; "" if it cannot be read."""
    try:
        return certificate.subject.rfc4514_string()[:_SIGNER_LENGTH]
    except ValueError:
        return ""


@lru_cache(_REMEMBERED)
def organs_of(certificate: x509.Certificate) -> frozenset[str]:
    """The agency codes that the certificate names: organizationIdentifier (2.5.4.97), SAN URIs."""
    try:
        return frozenset(_organs(certificate))
    except _UNREADABLE:
        return frozenset()


@lru_cache(_REMEMBERED)
def key_fault(certificate: x509.Certificate) -> Fault | None:
    """Why the key itself is not permitted: anything but RSA of 2048 to 8192 bits, P-256 and P-384."""
    try:
        key = certificate.public_key()
    except _UNREADABLE:
        return Fault("it cannot be read", "không đọc được")
    if isinstance(key, rsa.RSAPublicKey):
        bits = f"RSA {key.key_size} bit"
        return None if key.key_size in RSA_BITS else Fault(bits, bits)
    if isinstance(key, ec.EllipticCurvePublicKey):
        name = key.curve.name
        return (
            None if isinstance(key.curve, CURVES) else Fault(f"curve {name}", f"đường cong {name}")
        )
    kind = type(key).__name__.removesuffix("PublicKey")
    return Fault(kind, kind)


@lru_cache(_REMEMBERED)
def purpose_fault(certificate: x509.Certificate, *, must_say: bool) -> Fault | None:
    """Why the certificate is not one to sign documents with (RFC 5280 §4.2.1.3, §4.2.1.9).

    `must_say`: whether keyUsage has to be there; where it is, it has to permit signatures.
    """
    try:
        extensions = certificate.extensions
    except _UNREADABLE:
        return Fault("its extensions cannot be read", "không đọc được phần mở rộng")
    usage = basic = None
    for extension in extensions:
        if isinstance(extension.value, x509.KeyUsage):
            usage = extension.value
        elif isinstance(extension.value, x509.BasicConstraints):
            basic = extension.value
    if basic is not None and basic.ca:
        return Fault("it belongs to a certification authority", "chứng thư này là của cơ quan cấp")
    if usage is None:
        missing = Fault("keyUsage is missing", "thiếu keyUsage")
        return missing if must_say else None
    if not (usage.digital_signature or usage.content_commitment):
        return Fault("keyUsage does not permit signatures", "keyUsage không cho phép ký")
    return None


def _organs(certificate: x509.Certificate) -> Iterator[str]:
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER):
        if isinstance(attribute.value, str):
            yield attribute.value
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            for uri in extension.value.get_values_for_type(x509.UniformResourceIdentifier):
                if uri.startswith(ORGAN_URI):
                    yield uri.removeprefix(ORGAN_URI)


def _window(
    store: verification.Store,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    instant: datetime,
) -> Window | None:
    verifier = (
        verification.PolicyBuilder()
        .store(store)
        .time(instant.astimezone(UTC).replace(tzinfo=None))
        .extension_policies(ee_policy=_LEAF, ca_policy=_AUTHORITY)
        .build_client_verifier()
    )
    try:
        path = verifier.verify(certificate, list(chain)).chain
    except (verification.VerificationError, ValueError):
        return None
    return Window(
        max(link.not_valid_before_utc for link in path),
        min(link.not_valid_after_utc for link in path),
    )


def _signs_certificates(
    _policy: verification.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("keyUsage does not permit signing certificates")


# What a leaf must be is judged by `key_fault` and `purpose_fault`, for pinned ones too. Authorities are
# not the Web's, so only what RFC 5280 §6.1.4 asks of them is asked: basicConstraints and keyCertSign.
_LEAF: Final = verification.ExtensionPolicy.permit_all()
_AUTHORITY: Final = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs_certificates)
)


def _date(instant: datetime) -> str:
    return wire_time(instant, unit="seconds")
