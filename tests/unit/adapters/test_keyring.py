"""Keys and certificates from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from axisd.adapters import keyring
from axisd.config.files import read_certificates
from axisd.core.reasons import Refusal
from axisd.core.signing import sign_envelope
from axisd.errors import ConfigError
from axisd.simulator.pki import Pki
from tests.support.signed_world import ENVELOPE, NOW


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki", NOW)


def test_a_key_and_its_certificate_sign(pki: Pki) -> None:
    key = keyring.load(*pki.issue("000.00.11.H53", key_type="ec-p256"))
    assert not isinstance(sign_envelope(ENVELOPE, key), Refusal)


def test_certificates_that_the_configuration_read_already_are_taken_as_they_are(pki: Pki) -> None:
    key, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    made = keyring.load(key, read_certificates(certificate))
    assert (made.certificate,) == keyring.certificates(certificate)


def test_a_chain_beside_the_certificate_is_kept(pki: Pki, tmp_path: Path) -> None:
    key, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    both = tmp_path / "both.pem"
    both.write_bytes(pki.authority.read_bytes() + certificate.read_bytes())
    assert keyring.load(key, both).certificate == keyring.certificates(certificate)[0]
    assert len(keyring.certificates(both)) == 2


def _problem(key: Path, certificate: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        keyring.load(key, certificate)
    (problem,) = raised.value.problems
    assert problem.file in {str(key), str(certificate)}
    assert "PRIVATE KEY" not in problem.text
    return problem.text


def test_a_file_that_is_missing_is_named(pki: Pki, tmp_path: Path) -> None:
    key, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    assert "No such file" in _problem(tmp_path / "none", certificate)
    assert "No such file" in _problem(key, tmp_path / "none")


def test_a_file_with_something_else_is_named(pki: Pki, tmp_path: Path) -> None:
    key, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    (tmp_path / "junk").write_text("junk")
    assert "no private key" in _problem(tmp_path / "junk", certificate)
    assert "no PEM certificate" in _problem(key, tmp_path / "junk")


def test_a_key_of_somebody_else_is_told(pki: Pki) -> None:
    key, _ = pki.issue("000.00.11.H53", key_type="ec-p256")
    _, other = pki.issue("000.00.13.H53", key_type="ec-p256")
    assert "no certificate is for this key" in _problem(key, other)


def test_a_key_with_a_passphrase_is_told(pki: Pki, tmp_path: Path) -> None:
    _, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    assert "passphrase" in _problem(locked, certificate)


def test_a_key_of_another_kind_is_told(pki: Pki, tmp_path: Path) -> None:
    _, certificate = pki.issue("000.00.11.H53", key_type="ec-p256")
    other = tmp_path / "other.key"
    other.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    assert "neither RSA nor" in _problem(other, certificate)


def test_a_key_too_small_is_told(pki: Pki) -> None:
    assert "not permitted" in _problem(*pki.issue("000.00.11.H53", key_type="rsa1024"))
