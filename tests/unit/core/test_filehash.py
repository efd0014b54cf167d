"""The hash of a file as it arrives: both forms, with and without the CR LF that is not the file's."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.filehash import FileHash, hash_forms, unpadded_hash

FILE = "<edXML>ngày</edXML>".encode()


def hashed(*pieces: bytes) -> FileHash:
    found = FileHash()
    for piece in pieces:
        found.update(piece)
    return found


def cut(body: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in itertools.pairwise(ends)]


@given(st.binary(max_size=40), st.lists(st.integers(0, 1000), max_size=6))
def test_however_it_is_cut_the_hash_is_the_same(body: bytes, places: list[int]) -> None:
    found = hashed(*cut(body, places))
    assert found.size == len(body)
    assert found.file_size(hashlib.sha256(body).hexdigest()) == len(body)


@given(st.binary(max_size=40), st.lists(st.integers(0, 1000), max_size=6))
def test_one_line_end_behind_the_file_is_not_the_files(body: bytes, places: list[int]) -> None:
    found = hashed(*cut(body + b"\r\n", places))
    assert found.file_size(unpadded_hash(body)) == len(body)


@pytest.mark.parametrize("form", [unpadded_hash(FILE), hashlib.sha256(FILE).hexdigest().upper()])
def test_either_form_of_the_hash_counts_in_any_case_of_letters(form: str) -> None:
    assert hashed(FILE).file_size(f" {form} ") == len(FILE)


@pytest.mark.parametrize("end", [b"\n", b"\r", b" ", b"\r\n\r\n", b"\n\r"])
def test_nothing_but_one_line_end_is_dropped(end: bytes) -> None:
    assert hashed(FILE + end).file_size(unpadded_hash(FILE)) is None


def test_a_file_that_ends_with_a_line_end_of_its_own_keeps_it() -> None:
    file = FILE + b"\r\n"
    assert hashed(file).file_size(unpadded_hash(file)) == len(file)
    assert hashed(file + b"\r\n").file_size(unpadded_hash(file)) == len(file)


def test_a_hash_of_something_else_is_nobodys() -> None:
    assert hashed(FILE).file_size(unpadded_hash(b"other")) is None
    assert hashed(FILE).file_size("") is None


def test_what_is_already_hashed_may_be_asked_before_the_rest_comes() -> None:
    found = hashed(FILE[:7])
    assert found.file_size(unpadded_hash(FILE[:7])) == 7
    found.update(FILE[7:])
    assert found.file_size(unpadded_hash(FILE)) == len(FILE)


def test_a_byte_below_sixteen_gives_one_digit_in_the_unpadded_form() -> None:
    file = next(
        name
        for name in (str(number).encode() for number in range(100))
        if min(hashlib.sha256(name).digest()) < 16
    )
    assert len(unpadded_hash(file)) < 64
    assert hash_forms(file) == {unpadded_hash(file), hashlib.sha256(file).hexdigest()}
