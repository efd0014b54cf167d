"""Scripts are read whole, or every mistake is told; their steps are written as they are read."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from axisd.errors import ConfigError
from axisd.simulator.national.often import Between, Often
from axisd.simulator.national.script import Script, Scripts, Step
from tests.support.national import MINISTRY, PROVINCE


def written(folder: Path, scripts: Any) -> Path:
    path = folder / "scripts.json"
    path.write_text(json.dumps(scripts), encoding="utf-8")
    return path


def test_several_centres_have_a_script_each(tmp_path: Path) -> None:
    told = {
        "dice": 7,
        "centres": {
            MINISTRY: {"statuses": ["01", "06 after 5m..1h"], "refuses": "5%", "replies": 2},
            PROVINCE: {"recalls": ["16 after 10s"]},
        },
    }
    scripts = Scripts.of_file(written(tmp_path, told), [MINISTRY, PROVINCE])
    ministry = scripts.centres[MINISTRY]
    hour = Between(timedelta(minutes=5), timedelta(hours=1))
    assert ministry.statuses == (Step("01"), Step("06", hour))
    assert (ministry.refuses, ministry.replies) == (Often(share=0.05), Often(first=2))
    assert scripts.centres[PROVINCE].recalls == (Step("16", Between.of("10s")),)
    assert scripts.centres[PROVINCE].statuses == Script().statuses
    assert scripts.dice == 7
    assert Script.model_validate(ministry.model_dump(mode="json")) == ministry


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"centers": {}}, ["centers"]),
        ({"centres": {MINISTRY: {"statuses": ["07"]}}}, ["statuses.0", "'07' is not a status"]),
        ({"centres": {MINISTRY: {"recalls": ["13"]}}}, ["'13' is not a status that answers"]),
        ({"centres": {MINISTRY: {"statuses": ["01 after a while"]}}}, ["not a duration"]),
        ({"centres": {"00.99.W00": {}, "x": {}}}, ["centres.00.99.W00: no such", "centres.x"]),
        ({"centres": {MINISTRY: {"refuses": "often", "chaos": 1}}}, ["refuses", "chaos"]),
    ],
)
def test_all_mistakes_are_told_with_their_place(tmp_path: Path, told: Any, said: list[str]) -> None:
    path = written(tmp_path, told)
    with pytest.raises(ConfigError) as caught:
        Scripts.of_file(path, [MINISTRY])
    for part in (*said, str(path)):
        assert part in str(caught.value)
