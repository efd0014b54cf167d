"""Real messages take a signature without losing a byte; what they carry themselves proves nothing."""

from pathlib import Path

import pytest

from axisd.core.inspection import SignatureState
from axisd.core.reasons import Refusal
from axisd.core.signature import check, uncovered
from axisd.core.signing import sign_envelope
from axisd.core.view import Limits
from axisd.core.xmlsafe import parse
from tests.support.signed_world import signature_of, swap, world

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
WELL_FORMED = sorted(
    path
    for path in SAMPLES.rglob("*.edxml")
    if not isinstance(parse(path.read_bytes(), Limits()), Refusal)
)
DECORATED = {"edoc_replacement.edxml", "edoc_revocation.edxml", "edoc_update.edxml"}


def test_there_are_samples() -> None:
    assert len(WELL_FORMED) >= 18


@pytest.mark.parametrize("path", WELL_FORMED, ids=lambda path: path.name)
def test_nothing_in_a_sample_counts_as_a_signature(path: Path) -> None:
    parsed = parse(path.read_bytes(), Limits())
    assert not isinstance(parsed, Refusal)
    found = check(parsed.root)
    assert found.refusal is None
    assert found.certificate is None
    assert found.finding.state in {SignatureState.ABSENT, SignatureState.DECORATIVE}
    if path.name in DECORATED:
        assert found.finding.state is SignatureState.DECORATIVE


@pytest.mark.parametrize("path", WELL_FORMED, ids=lambda path: path.name)
def test_a_sample_is_signed_with_every_other_byte_kept(path: Path) -> None:
    body = path.read_bytes()
    signed = sign_envelope(body, world().credential().signing_key())
    assert isinstance(signed, bytes)
    assert swap(signed, signature_of(signed), b"") == body
    parsed = parse(signed, Limits())
    assert not isinstance(parsed, Refusal)
    found = check(parsed.root)
    assert found.finding.state is SignatureState.VERIFIED
    assert uncovered(parsed.root, found) is None
