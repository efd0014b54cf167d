"""In which language a command speaks to people: `--language`, else what its place asks for.

Reports and pages have a language of their own; the text of a check follows the operator's environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from axisd.core.reasons import Language
from axisd.web.pages import BOTH

LANGUAGES: Final[Mapping[str, tuple[Language, ...]]] = {"vi": ("vi",), "en": ("en",), "both": BOTH}
"""What `--language` takes, and in which order that is told."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def language_option(text: str, *, default: str | None = None) -> Callable[[_Command], _Command]:
    """The option `--language`; `text` is its help. Without a default it is None where it was not given."""
    return click.option(
        "--language",
        type=click.Choice(tuple(LANGUAGES)),
        default=default,
        show_default=default is not None,
        help=text,
    )


def of_operator(environment: Mapping[str, str]) -> Language:
    """Vietnamese where the locale for messages is, else English. The variables are those of POSIX (Base
    Definitions, 8.2): the first one that is not empty counts."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return "vi" if re.match(r"vi(?![^_.@])", locale) else "en"
