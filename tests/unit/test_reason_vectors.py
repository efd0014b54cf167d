"""No reason without something that leads to it, and no reason that nothing leads to."""

import pytest

from axisd.core.reasons import REASONS
from tests.support.reason_vectors import LEADS


def test_every_reason_has_a_vector_and_every_vector_a_reason() -> None:
    assert LEADS.keys() == REASONS.keys()


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_what_its_vector_is_told_in_two_languages(code: str) -> None:
    told = [refusal for refusal in LEADS[code]() if refusal.code == code]
    assert told, f"nothing was told {code}"
    for refusal in told:
        assert refusal.reason is REASONS[code]
        for text in (refusal.text("en"), refusal.text("vi")):
            assert "–" not in text, "a particular is missing"
            assert text.isprintable()
