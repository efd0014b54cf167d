"""Agency codes: what they look like, and what may never be in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.codes import MAX_LENGTH, code_above, derived_twin, is_centre, is_code, level1

DIGITS = st.text("0123456789", min_size=2, max_size=2)


@pytest.mark.parametrize(
    "code",
    [
        "000.00.11.H53",
        "H53",
        "H53.11",
        "H37.DN.001",
        "00.53.W00",
        "vxp.saas.03",
        "020123456789",
        "000.1137.H53",
    ],
)
def test_codes_of_real_traffic_are_codes(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize(
    "text",
    ["", ".", "H53.", ".H53", "H53..11", "H53 11", "H53\n", "\u200bH53", "H\u00ad53", "H53.*", "H53.#",
     "H53/11", "Н53", "H53.１１", "a" * (MAX_LENGTH + 1)],
)  # fmt: skip
def test_what_could_break_a_routing_key_or_deceive_a_reader_is_no_code(text: str) -> None:
    assert not is_code(text)


@given(st.text())
def test_every_code_is_visible_ascii_that_a_topic_matches_literally(text: str) -> None:
    if is_code(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(" *#/\\\"'")


def test_a_centre_is_told_from_an_agency() -> None:
    assert is_centre("00.53.W00")
    assert not is_centre("000.00.00.H53")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("000.00.11.H53", "H53"),
        ("H53.11", "H53"),
        ("H53", "H53"),
        ("vxp.saas.03", None),
        ("00.53.W00", None),
    ],
)
def test_level_1_is_right_most_in_one_style_and_left_most_in_the_other(
    code: str, expected: str | None
) -> None:
    assert level1(code) == expected


@pytest.mark.parametrize(
    ("code", "twin"),
    [("000.00.11.H53", "H53.11"), ("000.00.00.H53", "H53"), ("000.20.30.H53", "H53.30.20"),
     ("001.01.07.H53", "H53.07.01.001"), ("vxp.saas.03", None), ("H37.DN.001", None)],
)  # fmt: skip
def test_the_twin_has_the_groups_reversed_without_zeros(code: str, twin: str | None) -> None:
    assert derived_twin(code) == twin


@given(st.from_regex(r"[0-9]{3}", fullmatch=True), DIGITS, DIGITS)
def test_the_twin_of_the_twin_is_the_code_where_no_zero_group_lies_between(
    first: str, second: str, third: str
) -> None:
    groups = [first, second, third]
    filled = [bool(group.strip("0")) for group in groups]
    if filled != sorted(filled):
        return  # 001.00.11.H53 loses its middle group: plausible, not guaranteed
    code = ".".join([*groups, "H53"])
    twin = derived_twin(code)
    assert twin is not None
    assert derived_twin(twin) == code


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("003.05.11.H53", "000.05.11.H53"),
        ("003.00.11.H53", "000.00.11.H53"),
        ("000.05.11.H53", "000.00.11.H53"),
        ("000.00.11.H53", "000.00.00.H53"),
        ("000.00.00.H53", None),
        ("H53.11.5", "H53.11"),
        ("H53.11", "H53"),
        ("H53", None),
        ("00.53.W00", None),
        ("vxp.saas.03", None),
        ("", None),
    ],
)
def test_a_code_says_what_is_above_it(code: str, above: str | None) -> None:
    assert code_above(code) == above
