"""The private certification authority."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from axisd.adapters import keyring
from axisd.core.directory import Agency
from axisd.core.trust import TrustStore, judge
from axisd.simulator.pki import Pki
from tests.support.signed_world import NOW


@pytest.mark.parametrize("kind", ["rsa2048", "ec-p256", "ec-p384"])
def test_what_it_issues_may_sign_for_the_agency_named(kind: str, tmp_path: Path) -> None:
    pki = Pki(tmp_path, NOW)
    _, certificate = pki.issue("000.00.11.H53", name="Sở Tài chính", key_type=kind)
    trust = TrustStore(keyring.certificates(pki.authority))
    agency = Agency("000.00.11.H53", "")
    assert judge(keyring.certificates(certificate)[0], agency, trust=trust, now=NOW) is None


def test_every_file_is_its_owners_only(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki", NOW)
    pki.issue("000.00.11.H53", key_type="ec-p256")
    pki.issue("00.53.W00", key_type="ec-p256", file="axis")
    files = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "pki").iterdir()}
    names = ("ca", "000.00.11.H53", "axis")
    assert files == {f"{name}.{ending}": 0o600 for name in names for ending in ("key", "pem")}


def test_a_folder_goes_on_with_its_authority(tmp_path: Path) -> None:
    first = Pki(tmp_path, NOW)
    authority = first.authority.read_bytes()
    again = Pki(tmp_path, NOW)
    _, certificate = again.issue("000.00.11.H53", key_type="ec-p256")
    assert again.authority.read_bytes() == authority
    trust = TrustStore(keyring.certificates(first.authority))
    agency = Agency("000.00.11.H53", "")
    assert judge(keyring.certificates(certificate)[0], agency, trust=trust, now=NOW) is None


def test_a_certificate_can_be_issued_for_another_time(tmp_path: Path) -> None:
    pki = Pki(tmp_path, NOW)
    _, file = pki.issue(
        "000.00.11.H53",
        key_type="ec-p256",
        not_before=NOW - timedelta(9),
        not_after=NOW - timedelta(1),
    )
    (certificate,) = keyring.certificates(file)
    assert certificate.not_valid_after_utc == NOW - timedelta(1)


def test_a_name_longer_than_a_certificate_holds_is_cut(tmp_path: Path) -> None:
    _, file = Pki(tmp_path, NOW).issue("000.00.11.H53", name="Ủy ban " * 20, key_type="ec-p256")
    assert keyring.certificates(file)
