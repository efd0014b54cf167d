"""Where the files live that ship beside the code: schemas and configuration examples.

An installed wheel carries them inside the package (``_schemas``, ``_config``); a checkout has them
at its top (``schemas/``, ``config/``). Callers name a file, never a place. This module reads
nothing: it only answers with paths, and raises ``FileNotFoundError`` for a file that ships nowhere.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def schema_path(name: str) -> Path:
    """The path of the schema ``name``, such as ``receipt-1.0.xsd``.

    Raises:
        FileNotFoundError: no such schema ships with axisd.
        ValueError: ``name`` leads out of the folder.
    """
    return _find("schemas", name)


def config_path(name: str) -> Path:
    """The path of the configuration example ``name``, relative to ``config/``.

    Raises:
        FileNotFoundError: no such example ships with axisd.
        ValueError: ``name`` leads out of the folder.
    """
    return _find("config", name)


def _find(folder: str, name: str) -> Path:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{name!r} is not a name inside {folder}/")
    places = (_PACKAGE / f"_{folder}" / name, _CHECKOUT / folder / name)
    for place in places:
        if place.is_file():
            return place
    looked = " or ".join(str(place) for place in places)
    raise FileNotFoundError(f"{folder}/{name} does not ship with axisd: looked for {looked}")
