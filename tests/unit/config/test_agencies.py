"""Files of agencies: each row with its line, each mistake with its row."""

from datetime import date
from pathlib import Path

from axisd.config.agencies import read_agencies
from axisd.core.directory import Profile
from axisd.errors import Problem


def read(folder: Path, text: str, *, foreign: bool = False) -> tuple[list[str], list[str]]:
    file = folder / "a.csv"
    file.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    rows = read_agencies(file, problems, foreign=foreign)
    return [f"{r.line} {r.agency.code}" for r in rows], [f"{p.line} {p.text}" for p in problems]


def test_rows_know_the_line_on_which_they_begin(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, 'code,name\nH53,"two\nlines"\n\nH54,X\n')
    assert (rows, problems) == (["2 H53", "5 H54"], [])


def test_every_column_becomes_a_field(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "\ufeffprofile,intake,successor,valid_to,valid_from,parent,kind,name,twin,code\r\n"
        "recorded,H4,H3,2025-07-01,2020-01-02,H2,ministry, X ,H53,000.00.00.H53\r\n",
        encoding="utf-8",
    )
    (row,) = read_agencies(file, [])
    agency = row.agency
    assert agency.profile is Profile.RECORDED
    assert (agency.valid_from, agency.valid_to) == (date(2020, 1, 2), date(2025, 7, 1))
    assert (agency.code, agency.twin, agency.name) == ("000.00.00.H53", "H53", "X")
    assert (agency.parent, agency.intake, agency.successor) == ("H2", "H4", "H3")


def test_an_unknown_column_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, "code,nme\nH53,X\n")
    assert rows == []
    assert problems == [
        "1 'nme' is not a column of agencies; did you mean name?",
        "1 the column 'name' is missing",
    ]


def test_a_list_made_elsewhere_may_have_more_columns(tmp_path: Path) -> None:
    assert read(tmp_path, "code,name,mail\nH53,X,y\n", foreign=True) == (["2 H53"], [])


def test_each_bad_row_is_left_out_and_named_and_the_others_stay(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, "code,name,profile\nH1,X,sloppy\nH2,Y\nH3,,\nH4,Z,required\n")
    assert rows == ["5 H4"]
    assert [problem[:10] for problem in problems] == ["2 profile:", "3 2 cells ", "4 name is "]


def test_an_empty_file_a_missing_one_and_bad_bytes_are_problems(tmp_path: Path) -> None:
    assert read(tmp_path, "")[1] == [
        "1 the column 'code' is missing",
        "1 the column 'name' is missing",
    ]
    assert read(tmp_path, 'code,name\n"H53,X\n')[1] == ["0 is not CSV: unexpected end of data"]
    problems: list[Problem] = []
    assert read_agencies(tmp_path / "none.csv", problems) == []
    (tmp_path / "latin.csv").write_bytes(b"code,name\nH53,\xe9\n")
    assert read_agencies(tmp_path / "latin.csv", problems) == []
    assert ["cannot be read" in problems[0].text, "UTF-8" in problems[1].text] == [True, True]


def test_a_code_may_have_several_rows_and_several_choices(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "code,name,valid_from,valid_to,choices,source\n"
        "H1,Huyện,,2025-07-01,H2  H3,NQ 1\n"
        "H1,Xã,2026-01-01,,,\n",
        encoding="utf-8",
    )
    first, second = (row.agency for row in read_agencies(file, []))
    assert (first.choices, first.source) == (("H2", "H3"), "NQ 1")
    assert (second.choices, second.valid_from) == ((), date(2026, 1, 1))


def test_choices_in_yaml_are_a_list_or_a_text(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "agencies:\n- {code: H1, name: x, choices: [H2, H3]}\n- {code: H4, name: y, choices: H2 H3}\n",
        encoding="utf-8",
    )
    assert [row.agency.choices for row in read_agencies(file, [])] == [("H2", "H3")] * 2
