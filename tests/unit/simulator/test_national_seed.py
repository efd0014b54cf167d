"""The file that says who is on a simulated axis: read whole, or every mistake at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from axisd.errors import ConfigError
from axisd.simulator.national import Behaviour, Seed

CENTRE = {"system_id": "00.53.W00", "secret": "tell nobody", "name": "Tây Ninh"}
AGENCY = {"code": "000.00.11.H53", "twin": "H53.11", "name": "Sở Tài chính", "centre": "00.53.W00"}


def written(folder: Path, seed: Any) -> Path:
    path = folder / "seed.json"
    path.write_text(seed if isinstance(seed, str) else json.dumps(seed), encoding="utf-8")
    return path


def test_a_seed_is_read_from_json(tmp_path: Path) -> None:
    seed = Seed.read(
        written(
            tmp_path,
            {
                "centres": [CENTRE],
                "agencies": [AGENCY, {"code": "H53.12", "centre": "00.53.W00"}],
                "behaviour": {"twin_recipients": True, "trace_organ": None},
            },
        )
    )
    assert seed.centres[0].secret == "tell nobody"
    assert [agency.twin for agency in seed.agencies] == ["H53.11", ""]
    assert seed.behaviour == Behaviour(twin_recipients=True, trace_organ=None)
    assert "tell nobody" not in repr(seed)


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("{", "Expecting property name"),
        ([], "the file"),
        ({"centers": []}, "centers"),
        ({"centres": [{"system_id": "00.53.W00"}]}, "centres.0.secret: Field required"),
        ({"centres": [CENTRE | {"secret": ""}]}, "centres.0.secret"),
        ({"centres": [CENTRE | {"system_id": "a b"}]}, "'a b' is not an agency code"),
        ({"centres": [CENTRE, CENTRE]}, "00.53.W00 is there twice"),
        ({"centres": [CENTRE], "agencies": [AGENCY, AGENCY]}, "000.00.11.H53 is there twice"),
        ({"agencies": [AGENCY]}, "names the centre '00.53.W00', which is not there"),
        ({"centres": [CENTRE], "agencies": [AGENCY | {"twin": "*"}]}, "agencies.0.twin"),
        ({"behaviour": {"chaos": True}}, "behaviour.chaos"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, seed: Any, said: str) -> None:
    path = written(tmp_path, seed)
    with pytest.raises(ConfigError) as caught:
        Seed.read(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "tell nobody" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Seed.read(written(tmp_path, {"centres": [{}], "agencies": [{"code": "a b"}]}))
    assert len(caught.value.problems) == 4


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.json"):
        Seed.read(tmp_path / "nowhere.json")
