"""Step 7: whose certificate may sign for an agency, and when."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from axisd.core import trust as module
from axisd.core.directory import Agency
from axisd.core.reasons import Refusal
from axisd.core.signature import check
from axisd.core.trust import TrustStore, fingerprints, judge, organs_of
from axisd.core.xmlsafe import parse_trusted
from axisd.simulator.pki import Authority, Credential
from tests.support.signed_world import NOW, SENDER, signed, world


def verdict(
    name: str,
    *,
    now: datetime = NOW,
    pins: frozenset[str] = frozenset(),
    trust: TrustStore | None = None,
) -> Refusal | None:
    """What is said of a signed envelope's certificate, as the inspection asks it."""
    credential = world().credential(name)
    agency = dataclasses.replace(world().sender, pins=pins)
    return judge(
        credential.certificate,
        agency,
        trust=world().trust if trust is None else trust,
        now=now,
        chain=credential.chain,
    )


def pin(name: str) -> frozenset[str]:
    certificate = world().credential(name).certificate
    return frozenset({hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()})


def pin_of_key(name: str) -> frozenset[str]:
    key = world().credential(name).certificate.public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return frozenset({hashlib.sha256(der).hexdigest()})


@pytest.mark.parametrize(
    "name",
    [
        "sender",
        "ec-p256",
        "ec-p384",
        "by twin",
        "organizationIdentifier only",
        "URI only",
        "contentCommitment only",
        "under a subordinate",
    ],
)
def test_a_certificate_under_the_authority_that_names_the_agency_may_sign(name: str) -> None:
    assert verdict(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("strange authority", "signer-unknown"),
        ("self-signed", "signer-unknown"),
        ("issued by a leaf", "signer-unknown"),
        ("another agency", "signer-not-sender"),
        ("nobody named", "signer-not-sender"),
        ("expired", "signer-expired"),
        ("not yet valid", "signer-not-yet-valid"),
        ("authority", "signer-key"),
        ("encryption only", "signer-key"),
        ("no keyUsage", "signer-key"),
        ("rsa1024", "signer-key"),
        ("ec-p521", "signer-key"),
    ],
)
def test_any_other_certificate_is_refused_for_its_own_reason(name: str, reason: str) -> None:
    refusal = verdict(name)
    assert refusal is not None
    assert refusal.code == reason
    assert "–" not in refusal.text("en") + refusal.text("vi")


def test_without_authorities_and_pins_nobody_may_sign() -> None:
    refusal = verdict("sender", trust=TrustStore.empty())
    assert refusal is not None
    assert refusal.code == "signer-unknown"


@pytest.mark.parametrize("pins", [pin("strange authority"), pin_of_key("strange authority")])
def test_a_pinned_certificate_needs_no_authority(pins: frozenset[str]) -> None:
    assert verdict("strange authority", pins=pins, trust=TrustStore.empty()) is None


def test_a_pinned_key_may_sign_with_a_new_certificate() -> None:
    old = world().credential("strange authority")
    renewed = Authority.root(NOW, name="Yet Another CA").issue(SENDER, key=old.key)
    agency = Agency(SENDER, "", pins=pin_of_key("strange authority"))
    assert judge(renewed.certificate, agency, trust=TrustStore.empty(), now=NOW) is None


def test_a_pinned_certificate_need_not_name_the_agency() -> None:
    assert verdict("nobody named", pins=pin("nobody named"), trust=TrustStore.empty()) is None


def test_a_pinned_certificate_need_not_state_its_key_usage() -> None:
    assert verdict("no keyUsage", pins=pin("no keyUsage")) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired", "signer-expired"),
        ("not yet valid", "signer-not-yet-valid"),
        ("authority", "signer-key"),
        ("encryption only", "signer-key"),
        ("rsa1024", "signer-key"),
        ("self-signed", "signer-key"),  # an authority's own, as `openssl req -x509` makes them
    ],
)
def test_a_pin_excuses_neither_time_nor_key_nor_purpose(name: str, reason: str) -> None:
    refusal = verdict(name, pins=pin(name))
    assert refusal is not None
    assert refusal.code == reason


def test_a_pin_of_one_agency_does_not_serve_another() -> None:
    credential = world().credential("strange authority")
    other = Agency("000.00.13.H53", "", pins=pin("sender"))
    refusal = judge(credential.certificate, other, trust=world().trust, now=NOW)
    assert refusal is not None
    assert refusal.code == "signer-unknown"


def test_validity_includes_both_ends_and_nothing_beyond() -> None:
    certificate = world().credential("ec-p256").certificate
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    second = timedelta(seconds=1)
    assert verdict("ec-p256", now=start) is None
    assert verdict("ec-p256", now=end) is None
    early, late = verdict("ec-p256", now=start - second), verdict("ec-p256", now=end + second)
    assert early is not None
    assert early.code == "signer-not-yet-valid"
    assert late is not None
    assert late.code == "signer-expired"


def test_a_certificate_that_runs_out_while_the_axis_runs_is_refused_from_then_on() -> None:
    trust = TrustStore((world().root.certificate,))
    end = world().credential("ec-p256").certificate.not_valid_after_utc
    assert verdict("ec-p256", trust=trust) is None
    assert verdict("ec-p256", trust=trust, now=end + timedelta(seconds=1)) is not None
    assert verdict("ec-p256", trust=trust) is None, "the clock was only asked twice"


def test_the_time_is_told_in_vietnam() -> None:
    refusal = verdict("expired")
    assert refusal is not None
    assert refusal.particulars["date"] == "2026-11-01T09:00:00+07:00"


def test_an_authority_that_has_run_out_vouches_for_nobody() -> None:
    then = NOW - timedelta(days=4000)
    old = Authority.root(then)
    credential = old.issue(SENDER, kind="ec-p256", not_after=NOW + timedelta(9))
    refusal = judge(
        credential.certificate, world().sender, trust=TrustStore((old.certificate,)), now=NOW
    )
    assert refusal is not None
    assert refusal.code == "signer-expired"


def test_the_chain_sent_along_only_helps_to_reach_an_authority() -> None:
    credential = world().credential("under a subordinate")
    sender, trust = world().sender, world().trust
    assert (
        judge(credential.certificate, sender, trust=trust, now=NOW, chain=credential.chain) is None
    )
    refusal = judge(credential.certificate, sender, trust=trust, now=NOW)
    assert refusal is not None
    assert refusal.code == "signer-unknown"
    stranger = world().credential("strange authority")
    with_its_root = (*stranger.chain, *world().credential("self-signed").chain)
    refusal = judge(stranger.certificate, sender, trust=trust, now=NOW, chain=with_its_root)
    assert refusal is not None
    assert refusal.code == "signer-unknown"


def test_an_authority_of_the_same_name_with_another_key_is_a_stranger() -> None:
    double = Authority.root(NOW)
    assert double.certificate.subject == world().root.certificate.subject
    credential = double.issue(SENDER, kind="ec-p256")
    refusal = judge(
        credential.certificate,
        world().sender,
        trust=world().trust,
        now=NOW,
        chain=(double.certificate,),
    )
    assert refusal is not None
    assert refusal.code == "signer-unknown"


def test_a_key_of_another_kind_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    credential = world().root.issue(SENDER, key=key)  # type: ignore[arg-type] # as from a file
    refusal = judge(credential.certificate, world().sender, trust=world().trust, now=NOW)
    assert refusal is not None
    assert refusal.code == "signer-key"


def test_a_code_in_the_common_name_is_no_agency_named() -> None:
    credential = world().root.issue(
        "x", name=SENDER, kind="ec-p256", subject_organ=False, uri_organ=False
    )
    assert organs_of(credential.certificate) == frozenset()


@pytest.mark.parametrize(
    "code", ["000.00.11.H53.evil", "000.00.11.H5", "000.00.11.h53", " 000.00.11.H53"]
)
def test_a_code_that_only_resembles_the_senders_is_another(code: str) -> None:
    credential = world().root.issue(code, kind="ec-p256")
    refusal = judge(credential.certificate, world().sender, trust=world().trust, now=NOW)
    assert refusal is not None
    assert refusal.code == "signer-not-sender"


def test_an_agency_without_twin_is_not_named_by_nothing() -> None:
    credential = world().root.issue("", kind="ec-p256", name="x", subject_organ=False)
    agency = Agency(SENDER, "")
    refusal = judge(credential.certificate, agency, trust=world().trust, now=NOW)
    assert refusal is not None
    assert refusal.code == "signer-not-sender"


def test_what_a_signature_carries_is_enough_to_judge_it() -> None:
    found = check(parse_trusted(signed(credential=world().credential("under a subordinate"))))
    assert found.certificate is not None
    assert (
        judge(found.certificate, world().sender, trust=world().trust, now=NOW, chain=found.chain)
        is None
    )


def test_a_pin_is_of_the_certificate_or_of_the_key() -> None:
    certificate = world().credential("sender").certificate
    assert fingerprints(certificate) == pin("sender") | pin_of_key("sender")


def test_stores_with_the_same_authorities_are_equal() -> None:
    authorities = (world().root.certificate,)
    assert TrustStore(authorities) == TrustStore(authorities)
    assert TrustStore(authorities) != TrustStore.empty()
    assert hash(TrustStore(authorities)) == hash(TrustStore(authorities))


def test_a_chain_once_built_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trust = TrustStore((world().root.certificate,))
    assert verdict("ec-p256", trust=trust) is None

    def built(*_: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(module, "_window", built)
    assert verdict("ec-p256", trust=trust) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 2)
    trust = TrustStore((world().root.certificate,))
    for name in ("sender", "ec-p256", "ec-p384", "by twin", "URI only"):
        assert verdict(name, trust=trust) is None
        assert len(trust._chains) <= 2


def test_extensions_that_cannot_be_read_are_refused_not_raised() -> None:
    """A certificate whose subjectAltName is no GeneralNames at all, as anybody can send it."""
    credential = _with_extension(
        x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x05\x00")
    )
    refusal = judge(
        credential.certificate,
        dataclasses.replace(world().sender, pins=frozenset(fingerprints(credential.certificate))),
        trust=TrustStore.empty(),
        now=NOW,
    )
    assert refusal is not None
    assert refusal.code == "signer-key"
    refusal = judge(credential.certificate, world().sender, trust=world().trust, now=NOW)
    assert refusal is not None
    assert refusal.code in {"signer-unknown", "signer-not-sender"}


def _with_extension(extension: x509.ExtensionType) -> Credential:
    root, key = world().root, world().credential("ec-p256").key
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .add_extension(extension, critical=False)
    )
    return Credential(key, builder.sign(root.key, SHA256()))
