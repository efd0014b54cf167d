import unicodedata

import pytest

from axisd.core.doctypes import ADMINISTRATIVE, NORMATIVE, is_known_type


def test_the_decree_has_29_types() -> None:
    assert len(ADMINISTRATIVE) == len(set(ADMINISTRATIVE)) == 29


@pytest.mark.parametrize("name", ADMINISTRATIVE + NORMATIVE)
def test_a_type_is_known_however_it_is_written(name: str) -> None:
    for written in (
        name,
        name.upper(),
        name.lower(),
        f"  {name.replace(' ', '  ')} ",
        f"{name} (cá biệt)",
    ):
        for form in ("NFC", "NFD"):
            assert is_known_type(unicodedata.normalize("NFD" if form == "NFD" else "NFC", written))


@pytest.mark.parametrize("name", ["Bản thoả thuận", "GIẤY UỶ QUYỀN", "Qui chế", "Ðề án"])
def test_two_spellings_are_one_type(name: str) -> None:
    assert is_known_type(name)


@pytest.mark.parametrize(
    "name", ["", "CV", "Công văn đến", "Cong van", "Kết luận", "Công\u200bvăn"]
)
def test_another_name_is_none(name: str) -> None:
    assert not is_known_type(name)
