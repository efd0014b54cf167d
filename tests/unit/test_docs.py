"""The scripts that hold the pages: they pass what is right, and find what is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from axisd.core.lifecycle import TRANSITIONS, DeliveryEvent, DeliveryState

ROOT = Path(__file__).parents[2]
LIFECYCLE = ROOT / "docs" / "explanation" / "lifecycle.md"


def script(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_page_of_states_is_what_the_table_says() -> None:
    assert script("generate_lifecycle.py", "--check").returncode == 0
    page = LIFECYCLE.read_text(encoding="utf-8")
    for state in DeliveryState:
        assert f"| `{state}` |" in page
    for event in DeliveryEvent:
        assert f"| {event} |" in page


def test_the_diagram_has_every_transition_and_no_other() -> None:
    drawn = set()
    for line in LIFECYCLE.read_text(encoding="utf-8").splitlines():
        left, arrow, right = line.strip().partition(" --> ")
        to, _, events = right.partition(" : ")
        if arrow and "[*]" not in (left, to):
            source, target = DeliveryState[left.upper()], DeliveryState[to.upper()]
            drawn |= {(source, DeliveryEvent(event), target) for event in events.split(", ")}
    assert drawn == {(source, event, to) for (source, event), to in TRANSITIONS.items()}


def test_every_relative_link_of_every_page_leads_somewhere() -> None:
    found = script("links.py", ROOT)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[a](gone.md)", "page.md:1: gone.md leads nowhere"),
        ("first\n\n![a](gone.png)", "page.md:3: gone.png leads nowhere"),
        ("[a]: gone.md", "page.md:1: gone.md leads nowhere"),
        ("[a](other.md#gone)", "page.md:1: other.md#gone has no heading #gone"),
        ("[a](#gone)", "page.md:1: #gone has no heading #gone"),
        ("[a](/etc/hosts)", "page.md:1: /etc/hosts is absolute"),
        ("[a](../../../elsewhere.md)", "leads out of the repository"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "other.md").write_text("# Đọc lý do `từ chối`: thế nào?\n", encoding="utf-8")
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    found = script("links.py", tmp_path)
    assert found.returncode == 1
    assert complaint in found.stdout


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md)",
        "[a](other.md#đọc-lý-do-từ-chối-thế-nào)",
        "[a](sub/)",
        "[a](https://example.org/gone)",
        "`[a](gone.md)`",
        "```\n[a](gone.md)\n```",
        "# B\n\n# B\n\n[a](#b) [b](#b-1)",
    ],
)
def test_what_leads_somewhere_or_is_code_passes(tmp_path: Path, text: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "other.md").write_text("# Đọc lý do `từ chối`: thế nào?\n", encoding="utf-8")
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    found = script("links.py", tmp_path)
    assert (found.returncode, found.stdout) == (0, "")
