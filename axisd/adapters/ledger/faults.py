"""What the database's errors mean to us: something that heals, or something that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from axisd.errors import AxisError, IntegrityError, TransientError

_HEALS: Final = frozenset(
    {
        "SQLITE_BUSY",
        "SQLITE_LOCKED",
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_CANTOPEN",
        "SQLITE_NOMEM",
        "SQLITE_READONLY",
        "SQLITE_PROTOCOL",
        "SQLITE_INTERRUPT",
    }
)
"""Primary result codes (sqlite.org/rescode.html) after which the same statement can succeed."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turns whatever a library raises inside into one of ours; `doing` begins the sentence."""
    try:
        yield
    except AxisError:
        raise
    except DBAPIError as error:
        sentence = f"{doing}: {error.orig}"
        if _primary_code(error) in _HEALS:
            raise TransientError(sentence) from error
        raise IntegrityError(sentence) from error
    except (SQLAlchemyError, ValueError, KeyError) as error:
        # A row that cannot be read back, or a text that no database can hold.
        raise IntegrityError(f"{doing}: {type(error).__name__}: {error}") from error
    except OSError as error:
        raise TransientError(f"{doing}: {error}") from error


def _primary_code(error: DBAPIError) -> str:
    """`SQLITE_IOERR` of `SQLITE_IOERR_WRITE`: the first two words of the extended code's name."""
    name: str = getattr(error.orig, "sqlite_errorname", "")
    return "_".join(name.split("_")[:2])
