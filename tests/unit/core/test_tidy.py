"""Names as they print."""

import pytest

from axisd.core.tidy import tidied


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("Sở Tài chính", "Sở Tài chính"),
        ("  Sở\u00a0 Tài\u2028chính ", "Sở Tài chính"),
        ("Sở\u200b Tài\tchính\n", "Sở Tàichính"),
        ("So\u031b\u0309", "Sở"),
        ("\ufeff\u200b", ""),
    ],
)
def test_a_name_keeps_what_is_seen_of_it(name: str, tidy: str) -> None:
    assert tidied(name) == tidy
