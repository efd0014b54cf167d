"""Files that are replaced at one stroke, or not at all."""

import os
import stat
from pathlib import Path

import pytest

from axisd.config.writing import put


def test_a_file_is_replaced_whole_with_its_mode_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    for content in (b"one", b"another"):
        put(file, content, 0o640)
        assert file.read_bytes() == content
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_written_whole_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    put(file, b"one", 0o640)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(file, b"another", 0o640)
    assert file.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [file]
