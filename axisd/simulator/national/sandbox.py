"""The seed of a sandbox for partners: several centres with their agencies, and secrets of their own.

Made once, and kept as `seed.json` beside the sandbox's state, so that the credentials that partners were
given hold as long as the folder does.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from axisd.core.directory import Agency as Listed
from axisd.errors import UnavailableError
from axisd.simulator.national.country import Body, country
from axisd.simulator.national.seed import Centre, Seed


def sandbox(
    listed: Iterable[Listed],
    first_level: Iterable[Listed],
    folder: Path,
    *,
    centres: int = 12,
    dice: int = 0,
) -> Seed:
    """The sandbox's seed in `folder`: the one that is there, or a new one.

    Raises:
        ConfigError: the seed that is there cannot be used.
        UnavailableError: a new one cannot be written.
    """
    file = folder / "seed.json"
    if file.exists():
        return Seed.read(file)
    seed = _new(country(listed, first_level, centres, dice))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(seed.model_dump_json(indent=1))
    except OSError as error:
        raise UnavailableError(f"{file} cannot be written: {error.strerror}") from error
    return seed


def _new(bodies: Iterable[Body]) -> Seed:
    bodies = tuple(bodies)
    centres = [
        Centre(system_id=body.system_id, secret=secrets.token_hex(16), name=body.name)
        for body in bodies
    ]
    agencies = [agency for body in bodies for agency in body.agencies]
    return Seed(centres=tuple(centres), agencies=tuple(agencies))
