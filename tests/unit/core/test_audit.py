"""Receipts and payloads against what the chain says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from axisd.core.audit import digest_of, payload_faults, receipt_faults
from axisd.core.evidence import Entry, Head, Receipt
from axisd.core.reasons import Event
from tests.support.ledger import case, seal


def sealed() -> tuple[Entry, Receipt]:
    (entry,), (receipt,) = seal([case().acceptance], Head())
    return entry, receipt


def test_a_receipt_that_is_the_one_has_no_faults() -> None:
    assert list(receipt_faults(*sealed())) == []


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"event": Event.RELAY_FAILURE},
        {"submission_id": "x"},
        {"document_id": "x"},
        {"to": "x"},
        {"body": b"x"},
    ],
)
def test_every_field_of_a_receipt_is_held_to_its_entry(change: dict[str, Any]) -> None:
    entry, receipt = sealed()
    (fault,) = receipt_faults(entry, replace(receipt, **change))
    assert next(iter(change)) in fault


def test_a_receipt_that_is_missing_or_unheard_of_is_a_fault() -> None:
    entry, receipt = sealed()
    (fault,) = receipt_faults(entry, None)
    assert "missing" in fault
    (quiet,), () = seal([replace(case().acceptance, receipt_to=None)], Head())
    assert list(receipt_faults(quiet, None)) == []
    (fault,) = receipt_faults(quiet, receipt)
    assert "knows of no receipt" in fault


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"receipt":null,"receipt_to":null}'])
def test_a_content_that_tells_nothing_is_a_fault_and_no_failure(content: str) -> None:
    entry, receipt = sealed()
    (fault,) = receipt_faults(replace(entry, content=content), receipt)
    assert "does not tell" in fault


def test_a_payload_is_held_to_its_digest_and_its_size() -> None:
    assert list(payload_faults(digest_of(b"abc"), 3, b"abc")) == []
    assert len(list(payload_faults(digest_of(b"abc"), 4, b"abc"))) == 1
    assert len(list(payload_faults(digest_of(b"abc"), 3, b"abd"))) == 1


def test_a_digest_is_sha256_in_hexadecimal() -> None:
    """FIPS 180-4, the example of one block."""
    assert digest_of(b"abc") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
