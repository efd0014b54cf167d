"""YAML is read as text with lines, and what YAML forgives is refused."""

from pathlib import Path

import pytest

from axisd.config.yamlfile import parse


def written(folder: Path, text: str) -> Path:
    file = folder / "x.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_scalars_stay_text_so_that_codes_are_not_numbers(tmp_path: Path) -> None:
    document = parse(written(tmp_path, "a: [00, 1e3, no, 2026-01-02, 12:30, 'null']\nb:\nc: ~\n"))
    assert document.content == {
        "a": ["00", "1e3", "no", "2026-01-02", "12:30", "null"],
        "b": None,
        "c": None,
    }
    assert not document.problems


def test_everything_knows_its_line(tmp_path: Path) -> None:
    document = parse(written(tmp_path, "# x\na:\n  b: 1\n  c:\n    - x\n    - y\n"))
    assert document.line(("a",)) == 2
    assert document.line(("a", "c", 1)) == 6
    assert document.line(("a", "c", 1, "deeper")) == 6
    assert document.line(("nothing",)) == 2


def test_every_duplicate_key_is_refused_with_both_lines(tmp_path: Path) -> None:
    document = parse(written(tmp_path, "a: 1\nb: {x: 1, x: 2}\na: 3\n"))
    assert [(p.line, p.text) for p in document.problems] == [
        (2, "'x' is given twice, first in line 2; keep one"),
        (3, "'a' is given twice, first in line 1; keep one"),
    ]
    assert document.content == {"a": "1", "b": {"x": "1"}}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1\nb: 2\n", 2, "is not YAML"),
        ("a: [1", 2, "is not YAML"),
        ("a:\n\tb: 2\n", 2, "there is a tab in it: indent with spaces"),
        ("a: &x [*x]\n", 1, "contains itself"),
        ("? [a]\n: b\n", 1, "plain word"),
        ("a: 1\n---\nb: 2\n", 2, "is not YAML"),
        ("a: \x07\n", 0, "is not YAML"),
    ],
)
def test_what_is_not_ours_to_read_is_refused_where_it_stands(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    (problem,) = parse(written(tmp_path, text)).problems
    assert (problem.line, words in problem.text) == (line, True)


def test_a_file_that_is_missing_or_not_utf8_is_a_problem_and_not_an_exception(
    tmp_path: Path,
) -> None:
    assert "cannot be read" in parse(tmp_path / "none.yaml").problems[0].text
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    assert "not UTF-8" in parse(tmp_path / "latin.yaml").problems[0].text


def test_tags_instantiate_nothing(tmp_path: Path) -> None:
    document = parse(written(tmp_path, "a: !!python/object/apply:os.system [echo]\n"))
    assert document.content == {"a": ["echo"]}
