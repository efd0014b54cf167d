"""The file of systems is changed in place: what stands between its rows stays, and every change is proved."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.config.edit_systems import (
    EditError,
    Value,
    accounts,
    with_row,
    with_setting,
    without_row,
    without_setting,
)
from axisd.config.yamlfile import parse
from axisd.resources import config_path

BLOCK = """\
# Các hệ thống. Giữ nguyên ghi chú.
systems:
  # tài chính
  - account: finance   # their own
    channel: amqp
    agencies: [000.00.11.H53]

  - account: office
    channel: vxp
    agencies:
      - 000.00.01.H53    # văn phòng
    secret_file: office.secret
# the end
"""
FLOW = """\
systems: # all of them
  - {account: finance, channel: amqp, agencies: [000.00.11.H53]}
  - { account: office, channel: amqp, agencies: [000.00.01.H53] }  # văn phòng
"""
ONE_LINE = "systems: [{account: finance, channel: amqp}, {account: office}] # hết\n"
UNINDENTED = "systems:\n- account: finance\n  channel: amqp\n- account: office\n  channel: amqp"
DIALECTS = [BLOCK, FLOW, ONE_LINE, UNINDENTED]
ROW: dict[str, Value] = {"account": "justice", "channel": "amqp", "agencies": ("000.00.14.H53",)}


def rows(text: str) -> list[dict[str, object]]:
    content = parse(Path("systems"), text).content
    assert isinstance(content, dict)
    return list(content["systems"])


def lines_left(before: str, after: str) -> list[str]:
    """Lines of `before` that `after` has no more."""
    there = after.splitlines()
    return [line for line in before.splitlines() if line not in there]


@pytest.mark.parametrize("text", DIALECTS)
def test_a_row_is_added_at_the_end_and_nothing_else_changes(text: str) -> None:
    after = with_row(text, ROW)
    assert rows(after) == [*rows(text), {**ROW, "agencies": ["000.00.14.H53"]}]
    if text != ONE_LINE:
        assert lines_left(text, after) == []


def test_an_added_row_looks_like_its_neighbours() -> None:
    assert with_row(BLOCK, ROW).endswith(
        "    secret_file: office.secret\n"
        "  - account: justice\n    channel: amqp\n    agencies: [000.00.14.H53]\n# the end\n"
    )
    assert with_row(UNINDENTED, ROW).endswith(
        "\n- account: justice\n  channel: amqp\n  agencies: [000.00.14.H53]\n"
    )


@pytest.mark.parametrize(
    "empty", ["systems:\n# later\n", "systems: []  # none\n", "systems: ~", "systems: [\n]\n"]
)
def test_the_first_row_is_added_to_an_empty_list(empty: str) -> None:
    after = with_row(empty, ROW)
    assert [row["account"] for row in rows(after)] == ["justice"]
    assert ("#" in after) == ("#" in empty)


@pytest.mark.parametrize("text", DIALECTS)
@pytest.mark.parametrize("account", ["finance", "office"])
def test_a_setting_that_is_set_and_taken_out_again_leaves_the_file_as_it_was(
    text: str, account: str
) -> None:
    suspended = with_setting(text, account, "suspended", "true")
    (row,) = [row for row in rows(suspended) if row["account"] == account]
    assert row["suspended"] == "true"
    assert without_setting(suspended, account, "suspended", "false").rstrip() == text.rstrip()


def test_a_setting_that_is_there_is_changed_where_it_stands() -> None:
    text = with_setting(BLOCK, "office", "suspended", "true")
    assert with_setting(text, "office", "suspended", "false") == text.replace("true", "false")
    moved = with_setting(BLOCK, "office", "secret_file", "a b.secret")
    assert 'secret_file: "a b.secret"\n# the end' in moved


def test_a_setting_with_a_comment_is_changed_and_not_taken_out() -> None:
    text = BLOCK.replace(
        "channel: amqp\n", "channel: amqp\n    suspended: true  # by word of mouth\n"
    )
    after = without_setting(text, "finance", "suspended", "false")
    assert after == text.replace("suspended: true", "suspended: false")


def test_what_is_not_set_need_not_be_taken_out() -> None:
    assert without_setting(BLOCK, "office", "suspended", "false") == BLOCK


@pytest.mark.parametrize("text", DIALECTS)
@pytest.mark.parametrize("account", ["finance", "office"])
def test_a_row_is_taken_out_alone(text: str, account: str) -> None:
    after = without_row(text, account)
    assert rows(after) == [row for row in rows(text) if row["account"] != account]
    assert all(
        account in line or line.startswith("    ") or "[" in line
        for line in lines_left(text, after)
    )


@pytest.mark.parametrize("text", DIALECTS)
def test_the_last_row_leaves_an_empty_list_and_may_come_back(text: str) -> None:
    empty = without_row(without_row(text, "finance"), "office")
    assert rows(empty) == []
    assert [row["account"] for row in rows(with_row(empty, ROW))] == ["justice"]


def test_comments_survive_the_row_that_they_are_about() -> None:
    after = without_row(BLOCK, "finance")
    assert "# tài chính" in after
    assert "# the end" in after


def test_the_shipped_example_can_be_edited_in_every_way() -> None:
    text = config_path("systems.yaml").read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    for account in accounts(text):
        text = with_setting(text, account, "suspended", "true")
    text = without_row(with_row(text, ROW), "finance")
    assert accounts(text) == ["peoples-committee", "information", "justice"]
    assert [line for line in text.splitlines() if line.startswith("#")] == comments


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no list under"),
        ("rows: []", "no list under"),
        ("systems: [", "is not YAML"),
        ("systems:\n  - account: other", "no system finance"),
        ("systems:\n  - &a {account: finance, channel: amqp}\nmore: *a", "by hand"),
        ("systems:\n  -\n    account: finance\n  - account: x", "by hand"),
    ],
)
def test_what_cannot_be_changed_in_place_is_said_and_left_alone(text: str, said: str) -> None:
    with pytest.raises(EditError, match=said):
        without_row(text, "finance") if "-\n" in text else with_setting(
            text, "finance", "suspended", "true"
        )


@pytest.mark.parametrize(
    "value", ["null", "~", "a: b", "a # b", "", "[x]", "*x", "Sở\x07", "x:", "true"]
)
def test_whatever_a_value_is_it_is_read_back_as_it_was(value: str) -> None:
    for text in DIALECTS:
        after = with_setting(text, "office", "note", value)
        assert [row.get("note") for row in rows(after)] == [None, value]


@given(
    text=st.sampled_from(DIALECTS),
    account=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    more=st.dictionaries(
        st.sampled_from(["profile", "note", "secret_file"]),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    ),
)
def test_whatever_is_added_can_be_taken_out_again(
    text: str, account: str, more: dict[str, str]
) -> None:
    if account in {"finance", "office"}:
        return
    added = with_row(text, {"account": account, **more})
    assert rows(added)[-1] == {"account": account, **more}
    assert rows(without_row(added, account)) == rows(text)
