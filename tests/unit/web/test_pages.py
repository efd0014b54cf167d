"""What every page has in common: one file, escaped, in the languages asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError
from lxml import etree, html

import axisd.web
from axisd.core.reasons import Language
from axisd.core.wording import Phrase
from axisd.web import pages
from axisd.web.pages import BOTH, page

TEMPLATES = Path(axisd.web.__file__).parent / "templates"
TITLE = Phrase("A <page>", "Một <trang>")
XHTML = {"x": "http://www.w3.org/1999/xhtml"}

LEAF = """\
{% extends "base.html.j2" %}
{% block style %}td { color: black; }{% endblock %}
{% block content %}
<p id="said-{{ language }}">{{ say(language, "Sender", "Nơi gửi") }}: {{ name }}</p>
<p>{{ 1234|number(language) }}</p>
{% endblock %}
"""


@pytest.fixture
def leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of the test's own beside the real base."""
    base = (TEMPLATES / "base.html.j2").read_text(encoding="utf-8")
    environment = pages._environment()
    overlaid = environment.overlay(loader=DictLoader({"leaf.html.j2": LEAF, "base.html.j2": base}))
    monkeypatch.setattr(pages, "_environment", lambda: overlaid)


def paragraphs(text: str) -> list[str]:
    return [p.text or "" for p in etree.fromstring(text.encode()).iterfind(".//x:p", XHTML)]


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        (("en",), ["Sender: A", "1,234"]),
        (("vi",), ["Nơi gửi: A", "1.234"]),
        (BOTH, ["Nơi gửi: A", "1.234", "Sender: A", "1,234"]),
    ],
)
@pytest.mark.usefixtures("leaf")
def test_a_page_is_written_once_for_each_language(
    languages: tuple[Language, ...], said: list[str]
) -> None:
    text = page("leaf", TITLE, languages, name="A")
    assert paragraphs(text) == said
    assert etree.fromstring(text.encode()).get("lang") == languages[0]


@pytest.mark.usefixtures("leaf")
def test_a_page_is_xml_and_html_alike_and_escapes_whatever_it_shows() -> None:
    nasty = "<script>alert('&\"')</script>"
    text = page("leaf", TITLE, ("en",), name=nasty)
    assert paragraphs(text)[0] == f"Sender: {nasty}"
    read = html.fromstring(text)
    assert not read.xpath("//script")
    assert read.xpath("string(//title)") == "A <page>"
    assert read.xpath("string(//*[@id='said-en'])") == f"Sender: {nasty}"


@pytest.mark.usefixtures("leaf")
def test_a_page_that_was_not_given_a_value_is_not_written() -> None:
    with pytest.raises(UndefinedError, match="name"):
        page("leaf", TITLE, ("en",))


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_no_template_asks_for_anything_from_elsewhere_or_switches_escaping_off(
    template: Path,
) -> None:
    text = template.read_text(encoding="utf-8")
    addresses = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}
    for address in addresses:
        text = text.replace(address, "")
    for word in ("http:", "https:", "//", "<script", "<img", "<link", "@import"):
        assert word not in text, word
    assert not re.search(r"url\((?!#)", text), "only what is in the page itself"
    for word in ("|safe", "| safe", "autoescape", "Markup("):
        assert word not in text, word


@pytest.mark.usefixtures("leaf")
def test_a_page_prints_on_a4() -> None:
    text = page("leaf", TITLE, ("vi",), name="A")
    for rule in ("@page { size: A4;", "@media print", "break-inside: avoid", "table-header-group"):
        assert rule in text


@pytest.mark.usefixtures("leaf")
def test_nothing_is_cut_off_however_long_a_name_is() -> None:
    """On paper nobody scrolls: names break, headers wrap, and only the numbers themselves stay in one piece."""
    text = page("leaf", TITLE, ("vi",), name="A")
    rules = dict(re.findall(r"([^{}]+?) \{ ([^{}]*) \}", text.replace("\n", " ")))
    said = {selector.strip(): rule for selector, rule in rules.items()}
    assert "overflow-wrap: anywhere" in said['th[scope="row"]']
    assert "overflow-wrap: anywhere" in said[".even td"]
    assert "minmax(0, 1fr)" in said[".facts"]
    assert "white-space: normal" in said[".facts .code"]
    assert "nowrap" not in said[".number"]
    assert "nowrap" in said["td.number"]


@pytest.mark.usefixtures("leaf")
def test_small_print_is_smaller_than_what_it_stands_in() -> None:
    text = page("leaf", TITLE, ("vi",), name="A")
    for selector in (r"\.note, figcaption, caption", r"table \.note", r"caption"):
        assert re.search(rf"\n{selector} \{{[^}}]*font-size: [\d.]+em;", text), selector
