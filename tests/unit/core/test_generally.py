"""Reasons without particulars: readable in both languages, and nothing of a template left in them."""

import re
from typing import get_args

import pytest

from axisd.core.generally import PARTICULARS, general_text
from axisd.core.reasons import REASONS, Language


def test_every_particular_of_every_reason_has_words() -> None:
    named = {
        name.removesuffix("_vi")
        for reason in REASONS.values()
        for text in (reason.en, reason.vi)
        for name in re.findall(r"{(\w+)}", text)
    }
    assert named == set(PARTICULARS)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("code", sorted(REASONS))
def test_no_reason_reads_as_a_blank(code: str, language: Language) -> None:
    text = general_text(code, language)
    assert text
    assert "–" not in text
    assert "{" not in text


def test_it_reads_as_a_sentence() -> None:
    assert general_text("update-unknown", "vi") == (
        "Trục không có văn bản [DocumentId] của cơ quan gửi; không có gì để [thay đổi]."
    )


def test_what_is_not_known_has_no_meaning() -> None:
    assert general_text("from-the-future", "en") == ""
