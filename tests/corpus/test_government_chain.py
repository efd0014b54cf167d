"""The Government's published authorities fit the way chains are built here."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from axisd.core.trust import TrustStore

TRUST = Path(__file__).resolve().parents[3] / "shared" / "samples" / "trust"
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def certificate(name: str) -> x509.Certificate:
    content = (TRUST / name).read_bytes()
    if b"-----BEGIN" in content:
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


def test_the_agencies_authority_is_reached_from_the_governments_root_and_from_no_other() -> None:
    issuing = certificate("cpcag2.crt")
    window = TrustStore((certificate("rootcag2.crt"),)).window(issuing, (), NOW)
    assert window is not None
    assert window.holds(NOW)
    assert window.end.year == 2048
    assert TrustStore((certificate("vnrca256.crt"),)).window(issuing, (), NOW) is None
