"""The seed of a sandbox for partners: a province's agencies, one peer centre, secrets of their own.

Made from the agencies that ship with axisd, and kept as `seed.json` beside the sandbox's state, so that
the credentials that partners were given hold as long as the folder does.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from axisd.core.codes import derived_twin, level1
from axisd.core.directory import Agency as Listed
from axisd.errors import UnavailableError
from axisd.simulator.national.seed import Agency, Centre, Seed

CENTRES: Final = {"00.53.W00": ("Tây Ninh", {"H53", "A53"}), "00.14.W00": ("Bộ", {"G14"})}
"""Centres with the level-1 codes whose agencies they serve: the axis under test, and a peer."""


def sandbox(listed: Iterable[Listed], folder: Path) -> Seed:
    """The sandbox's seed in `folder`: the one that is there, or a new one from `listed`.

    Raises:
        ConfigError: the seed that is there cannot be used.
        UnavailableError: a new one cannot be written.
    """
    file = folder / "seed.json"
    if file.exists():
        return Seed.read(file)
    seed = _new(listed)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(seed.model_dump_json(indent=1))
    except OSError as error:
        raise UnavailableError(f"{file} cannot be written: {error.strerror}") from error
    return seed


def _new(listed: Iterable[Listed]) -> Seed:
    agencies = [
        Agency(
            code=agency.code,
            centre=centre,
            twin=agency.twin or derived_twin(agency.code) or "",
            name=agency.name,
            parent=agency.parent or "",
        )
        for agency in listed
        for centre, (_, levels) in CENTRES.items()
        if level1(agency.code) in levels
    ]
    centres = [
        Centre(system_id=centre, secret=secrets.token_hex(16), name=name)
        for centre, (name, _) in CENTRES.items()
    ]
    return Seed(centres=tuple(centres), agencies=tuple(agencies))
