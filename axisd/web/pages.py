"""Pages for people: HTML from the templates of this package, in Vietnamese, English or both.

Every page extends `base.html.j2`: one file that needs nothing from elsewhere, prints on A4 and reads in
black and white. What a page shows is handed in as values; everything that is text is escaped, whoever
wrote it. A template that asks for a value it was not given fails, instead of showing a gap.

To add a page: write `templates/<name>.html.j2` that begins with `{% extends "base.html.j2" %}`, fill the
block `content` (it is rendered once for each language, as `language`), and call `page("<name>", …)`.
Fixed words stand in the template in both languages: `{{ say(language, "Sender", "Nơi gửi") }}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from axisd.core import wording
from axisd.core.reasons import Language
from axisd.core.wording import Phrase

BOTH: Final[tuple[Language, ...]] = ("vi", "en")
"""Vietnamese first: it is the one that counts."""


def page(name: str, title: Phrase, languages: Sequence[Language] = BOTH, /, **values: Any) -> str:
    """The page `name` as one HTML text that is XML as well.

    `values` are what its template asks for; `title` stands at its top, in each of the `languages`.
    """
    template = _environment().get_template(f"{name}.html.j2")
    return template.render(title=title, languages=tuple(languages), **values)


@cache
def _environment() -> Environment:
    # Escaped whatever the file is called: nothing here is anything but HTML.
    environment = Environment(
        loader=PackageLoader("axisd.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["say"] = _said
    environment.filters.update(
        said=Phrase.said,
        number=wording.number,
        share=wording.share,
        duration=wording.duration,
        day=wording.day,
        moment=wording.moment,
    )
    return environment


def _said(language: Language, en: str, vi: str) -> str:
    return Phrase(en, vi).said(language)
