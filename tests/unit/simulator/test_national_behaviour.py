"""How an axis behaves is chosen for all and for one centre, in a file or in words, or every mistake is told."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from axisd.errors import ConfigError
from axisd.simulator.national import Behaviour, Conduct
from axisd.simulator.national.often import Often
from axisd.simulator.national.script import Script

ROOT = Path(__file__).resolve().parents[3]

PLAIN = {
    "dice": 7,
    "everywhere": {"delay": "10m..15m", "server_errors": "5%"},
    "centres": {"00.14.W00": {"server_errors": "never", "lost_answers": "2 of sendEdoc"}},
}


def test_a_centres_behaviour_is_the_common_one_with_what_it_says_itself() -> None:
    conduct = Conduct.read(PLAIN, "test")
    common, own = conduct.of("00.53.W00"), conduct.of("00.14.W00")
    assert common.delay.most == timedelta(minutes=15)
    assert own.delay == common.delay
    assert common.server_errors == Often(share=0.05)
    assert own.server_errors == Often()
    assert own.lost_answers == Often(first=2, only=("sendEdoc",))
    assert common.lost_answers == Often()


def test_a_conduct_is_read_back_from_what_it_says_of_itself() -> None:
    conduct = Conduct.read(PLAIN, "test")
    assert json.loads(json.dumps(conduct.plain())) == PLAIN
    assert Conduct.read(conduct.plain(), "test") == conduct


def test_faults_are_added_in_words_for_all_or_for_one_centre() -> None:
    words = [
        "garbage=5%",
        "twin-recipients",
        "trace-organ=null",
        "00.14.W00/server-errors=3",
        "skew=-2h",
        "mute",
    ]
    conduct = Conduct.read(PLAIN, "test").with_faults(words)
    everywhere = conduct.everywhere
    assert everywhere.garbage == Often(share=0.05)
    assert everywhere.twin_recipients
    assert everywhere.trace_organ is None
    assert everywhere.skew == timedelta(hours=-2)
    assert everywhere.mute == Often(share=1)
    own = conduct.of("00.14.W00")
    assert own.server_errors == Often(first=3)
    assert own.garbage == Often(share=0.05)
    assert own.lost_answers == Often(first=2, only=("sendEdoc",))


def test_without_words_nothing_changes() -> None:
    assert Conduct().with_faults([]) == Conduct(everywhere=Behaviour())


def test_all_mistakes_of_words_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Conduct().with_faults(["chaos", "delay=soon", "00.14.W00/mute=often"])
    said = str(caught.value)
    for part in ("--fault", "everywhere.chaos", "everywhere.delay", "centres.00.14.W00.mute"):
        assert part in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", "Expecting property name"),
        ("[]", "the file"),
        ('{"everywhere": 1}', "everywhere"),
        ('{"everywhere": [], "centres": {}}', "everywhere"),
        ('{"centres": {"00.14.W00": 7}}', "centres.00.14.W00"),
        ('{"everywhere": {"garbage": "101%"}}', "everywhere.garbage"),
        ('{"everywhere": {"delay": "1m..367d"}}', "everywhere.delay"),
        ('{"everywhere": {"skew": "-9000h"}}', "everywhere.skew"),
        ('{"everywhere": {"trace_organ": "\\u0000"}}', "everywhere.trace_organ"),
        ('{"everywhere": {"trace_organ": "\\ud800"}}', "everywhere.trace_organ"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(
    tmp_path: Path, written: str, said: str
) -> None:
    path = tmp_path / "behaviour.json"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Conduct.of_file(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.json"
    path.write_text(json.dumps(PLAIN), encoding="utf-8")
    assert Conduct.of_file(path) == Conduct.read(PLAIN, "test")


@pytest.mark.parametrize("model", [Behaviour, Script])
def test_the_page_says_what_every_part_does_and_what_holds_without_it(
    model: type[Behaviour | Script],
) -> None:
    page = (ROOT / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
    defaults = model().model_dump(mode="json")
    for name, part in model.model_fields.items():
        default = defaults[name]
        said = default or '""' if isinstance(default, str) else json.dumps(default)
        assert f"| `{name}` | {part.description} | `{said}` |" in page


def test_the_page_in_vietnamese_names_every_fault() -> None:
    page = (ROOT / "docs" / "vi" / "truc-quoc-gia-mo-phong.md").read_text(encoding="utf-8")
    assert [name for name in Behaviour.model_fields if f"`{name}`" not in page] == ["slow_for"]
