"""Keys and certificates from PEM files.

Everything that is wrong with a file is a `ConfigError` that names it; nothing of a key's content is
ever in a message. Keys are read once, at start; a reload does not change them.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate

from axisd.config.files import CertificateFile, read_certificates
from axisd.core.signing import PrivateKey, SigningKey
from axisd.errors import ConfigError, Problem


def load(key: Path, certificate: CertificateFile | Path) -> SigningKey:
    """The key that signs, with its certificate and whatever chain stands beside it in the file.

    Raises:
        ConfigError: a file cannot be read, the key is not of a permitted kind, or the two do not belong
            together.
    """
    private = _private_key(key)
    chain = certificates(certificate) if isinstance(certificate, Path) else certificate.certificates
    try:
        return SigningKey(private, chain)
    except ValueError as error:
        raise _problem(key, str(error)) from error


def certificates(path: Path) -> tuple[Certificate, ...]:
    """The certificates of one PEM file, in its order; at least one.

    Raises:
        ConfigError: the file cannot be read or holds none.
    """
    try:
        return read_certificates(path).certificates
    except ValueError as error:
        raise _problem(path, str(error)) from error


def _private_key(path: Path) -> PrivateKey:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:
        raise _problem(path, "the key has a passphrase; the axis needs one without") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _problem(path, "holds no private key in PEM that can be read") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise _problem(path, "the key is neither RSA nor of an elliptic curve that signs")
    return key


def _problem(path: Path, text: str) -> ConfigError:
    return ConfigError((Problem(str(path), 0, text),))
