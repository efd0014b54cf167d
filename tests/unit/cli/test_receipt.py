"""`axisd receipt verify`: offline, with nothing but certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisd.adapters import keyring
from axisd.core.evidence import GENESIS
from axisd.core.receipts import Sealer
from axisd.core.view import Axis
from axisd.core.zone import wire_time
from axisd.simulator.pki import Pki
from tests.support.cli import axisd, facts
from tests.support.evidence import AT, FACTS, accepted, refused

AXIS = Axis("00.53.W00", "Trục Tây Ninh", frozenset({"H53"}))


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    Pki(tmp_path / "pki", AT).issue(AXIS.centre, key_type="ec-p256", file="axis")
    return tmp_path / "pki"


@pytest.fixture
def receipt(pki: Path, tmp_path: Path) -> Path:
    key = keyring.load(pki / "axis.key", pki / "axis.pem")
    _, sealed = Sealer(AXIS, key).seal(accepted(), 1, GENESIS)
    assert sealed is not None
    file = tmp_path / "receipt.xml"
    file.write_bytes(sealed.body)
    return file


def test_a_receipt_of_the_axis_holds_and_what_it_proves_is_told_in_both_languages(
    receipt: Path, pki: Path
) -> None:
    for trust in ("ca.pem", "axis.pem"):
        result = axisd("receipt", "verify", receipt, "--trust", pki / trust, "--json")
        found = facts(result)
        assert (result.exit_code, found["valid"], found["fault"]) == (0, True, None)
        assert [check["passed"] for check in found["checks"]] == [True] * 4
        assert found["facts"]["event"] == "SubmissionAcceptance"
        assert found["facts"]["digest"] == FACTS.digest
        assert found["facts"]["at"] == found["facts"]["legal_at"] == wire_time(AT)
        assert found["facts"]["legal_value"] == FACTS.legal_value
        (warning,) = found["facts"]["warnings"]
        assert (warning["code"], warning["at"], warning["line"]) == ("date-invalid", None, 40)
        told = [s for s in found["proves"] if "(date-invalid)" in s["en"]]
        assert [s["vi"] for s in told] == [
            f"Bản gửi được chấp nhận kèm cảnh báo (date-invalid): {warning['text']['vi']}"
        ]
        assert all(sentence.keys() == {"en", "vi"} for sentence in found["proves"])
    shown = axisd("receipt", "verify", receipt, "--trust", pki / "ca.pem")
    assert "holds: SubmissionAcceptance" in shown.stdout
    assert "vi  Trục 00.53.W00" in shown.stdout
    assert shown.stderr == ""


def test_a_rejection_tells_its_reason(pki: Path, tmp_path: Path) -> None:
    key = keyring.load(pki / "axis.key", pki / "axis.pem")
    _, sealed = Sealer(AXIS, key).seal(refused(), 1, GENESIS)
    assert sealed is not None
    found = facts(
        axisd("receipt", "verify", "-", "--trust", pki / "ca.pem", "--json", stdin=sealed.body)
    )
    assert found["facts"]["reason"]["code"] == "schema-invalid"
    assert found["facts"]["reason"]["text"].keys() == {"en", "vi"}


def test_a_changed_receipt_proves_nothing_and_ends_with_65(receipt: Path, pki: Path) -> None:
    receipt.write_bytes(receipt.read_bytes().replace(b"normal", b"urgent"))
    result = axisd("receipt", "verify", receipt, "--trust", pki / "ca.pem", "--json")
    found = facts(result)
    assert (result.exit_code, found["valid"]) == (65, False)
    assert (found["fault"], found["facts"], found["proves"]) == ("signature-invalid", None, [])
    shown = axisd("receipt", "verify", receipt, "--trust", pki / "ca.pem")
    assert shown.exit_code == 65
    assert "does not hold: signature-invalid" in shown.stdout


def test_a_stranger_that_seals_is_not_believed(receipt: Path, tmp_path: Path) -> None:
    Pki(tmp_path / "other", AT)
    result = axisd("receipt", "verify", receipt, "--trust", tmp_path / "other" / "ca.pem")
    assert result.exit_code == 65
    assert "signer       fails" in result.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [(("nowhere.xml", "--trust", "nowhere.pem"), 65), (("nowhere.xml",), 64)],
)
def test_files_that_are_not_there_are_bad_input_and_no_trust_is_usage(
    words: tuple[str, ...], code: int
) -> None:
    result = axisd("receipt", "verify", *words)
    assert (result.exit_code, result.stdout) == (code, "")
