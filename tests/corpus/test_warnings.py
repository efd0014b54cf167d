"""What real messages are warned about: hardly anything, or nobody would read warnings."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from axisd.core.reasons import Refusal
from axisd.core.secrecy import marked_element
from axisd.core.warnings import warnings_of
from tests.support.reading import root_of, steps

SAMPLES: Final = Path(__file__).resolve().parents[3] / "shared" / "samples"
READABLE: Final = sorted(
    path for path in SAMPLES.rglob("*.edxml") if not isinstance(steps(path.read_bytes()), Refusal)
)
RECEIVED: Final = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
WARNED: Final = {
    # The number is a timestamp of 14 digits; the law has 11 (NĐ 30/2020 phụ lục VI).
    "upload_2025-10__1da394ba-2117-4354-a23f-6ec3e47ba81b.edxml": [
        ("length-exceeded", 18, {"field": "CodeNumber", "length": "14", "limit": "11"})
    ],
}


def test_there_are_samples() -> None:
    assert len(READABLE) >= 18


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_a_real_message_is_warned_about_only_where_it_breaks_the_law(path: Path) -> None:
    envelope = steps(path.read_bytes())
    assert not isinstance(envelope, Refusal)
    told = [(w.code, w.line, w.particulars) for w in warnings_of(envelope, RECEIVED)]
    assert told == WARNED.get(path.name, [])


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_no_real_message_is_taken_for_a_secret(path: Path) -> None:
    assert marked_element(root_of(path.read_bytes())) is None
