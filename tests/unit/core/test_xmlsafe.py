"""Parsing: never an exception but a refusal, never more memory or time than the bytes are worth."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from axisd.core import xmlbytes, xmlsafe, xmltree
from axisd.core.reasons import Refusal
from axisd.core.view import Limits
from tests.support.messages import DOCUMENT, swap
from tests.support.reading import LIMITS, megabytes_at_most, root_of, vectors

GOOD = [body for _, body, _ in vectors("good")]
ALL = GOOD + [body for _, body, _ in vectors("bad")]


def refused(body: bytes, limits: Limits = LIMITS) -> Refusal:
    found = xmlsafe.parse(body, limits)
    assert isinstance(found, Refusal), "it was accepted"
    return found


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with some bytes changed, taken out, put in or repeated."""
    body = draw(st.sampled_from(ALL))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 60)))
        new = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"<", b">", b"&", b"<!--", b"-->", b"<![CDATA[", b"<?x ", b"\0"]),
                st.just(body[start:end] * 2),
            )
        )
        body = body[:start] + new + body[end:]
    return body


# --- never an exception --------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_any_bytes_are_a_document_or_a_refusal(body: bytes) -> None:
    assert isinstance(xmlsafe.parse(body, LIMITS), xmlsafe.Parsed | Refusal)


@given(st.text(alphabet="<>/!-[]?&;=\"'xa: \n\u1ebf", max_size=60))
def test_any_soup_of_markup_is_a_document_or_a_refusal(text: str) -> None:
    assert isinstance(xmlsafe.parse(text.encode(), LIMITS), xmlsafe.Parsed | Refusal)


PROLOG = [
    "<?xml version='1.0'?>",
    "<?xml version='1.0' encoding='UTF-8' x='>'?>",
    "<?xml version='1.0?>'?>",
    "<?xml ?>",
    "<?x y?>",
    "<?xml-x?>",
    "<!-- <a> -->",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [<!ENTITY x 'y'>]>",
    "<!DOCTYPE a>",
    "<!ENTITY x 'y'>",
    "<a b='&x;'/>",
    "<a>&x;</a>",
    "<a>",
    "</a>",
    "\n",
    " ",
    "\x0c",
    "\ufeff",
    "'",
    '"',
]


@given(st.lists(st.sampled_from(PROLOG), max_size=7))
def test_no_document_type_comes_through_whatever_stands_around_it(pieces: list[str]) -> None:
    body = "".join(pieces)
    found = xmlsafe.parse(body.encode(), LIMITS)
    if isinstance(found, xmlsafe.Parsed):
        assert found.root.getroottree().docinfo.internalDTD is None
        assert "ENTITY" not in body.split("<!--", maxsplit=1)[0].split("<![CDATA[", maxsplit=1)[0]


@given(damaged())
def test_a_damaged_message_is_a_document_or_a_refusal_with_a_sentence(body: bytes) -> None:
    found = xmlsafe.parse(body, LIMITS)
    if isinstance(found, Refusal):
        assert found.text("en").isprintable()
        assert found.text("vi").isprintable()
        assert found.line is None or 1 <= found.line <= body.count(b"\n") + 1


# --- what is refused, and what is not ------------------------------------------------------------


def test_words_of_a_doctype_pass_in_text_cdata_and_comments() -> None:
    body = swap(
        DOCUMENT,
        ("<edXML ", "<!-- <!DOCTYPE x> --><edXML "),
        ("Đề nghị", "&lt;!DOCTYPE x&gt; <![CDATA[<!DOCTYPE x [<!ENTITY y 'z'>]>]]>"),
    )
    assert "<!DOCTYPE x [" in "".join(root_of(body).itertext())


def test_a_parser_for_others_resolves_no_entity_either() -> None:
    hidden = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY f SYSTEM "file:///etc/passwd">]><a>&x;&f;</a>'
    assert "".join(etree.fromstring(hidden, xmlsafe.parser()).itertext()) == "&x;&f;"


def test_what_the_bytes_declare_does_not_change_what_is_parsed() -> None:
    declared = b"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-b/+AD4-</a>"
    assert etree.fromstring(declared, xmlsafe.parser()).text == "+ADw-b/+AD4-"


def test_too_many_bytes_are_refused_before_anything_else() -> None:
    assert refused(b"\xff" * 101, Limits(envelope=100)).code == "too-large"


def test_a_trusted_document_with_a_dtd_is_an_error() -> None:
    with pytest.raises(ValueError, match="document type"):
        xmlsafe.parse_trusted(b"<!DOCTYPE a><a/>")
    with pytest.raises(ValueError, match="not well-formed"):
        xmlsafe.parse_trusted(b"<a>")
    assert xmlsafe.parse_trusted(b"<a/>").tag == "a"


@pytest.mark.parametrize("megabytes", [11, 40])
def test_a_text_of_many_megabytes_is_read_whole(megabytes: int) -> None:
    text = "QUJD" * (megabytes << 18)
    root = root_of(f"<a><b>{text}</b></a>")
    assert root[0].text == text


def test_lines_are_right_beyond_65535() -> None:
    before = "<b>\n</b>" * 10_000 + "\n" * 60_000
    assert refused(f"<a>{before}<c></a>".encode()).line == 70_001
    assert root_of(f"<a>{before}<c>x</c></a>")[-1].sourceline == 70_001


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "limits", "reason"),
    [
        ("<b/>" * 9, Limits(elements=10), None),
        ("<b></b>" * 9, Limits(elements=10), None),
        ("<b/>" * 10, Limits(elements=10), "structure-limit"),
        ("<b/><!-- -->" * 5, Limits(elements=10), "structure-limit"),
        ("<b><b><b/></b></b>", Limits(depth=4), None),
        ("<b><b><b/></b></b>", Limits(depth=3), "structure-limit"),
        ("<b x='' y=''/>", Limits(attributes=2), None),
        ("<b x='' y='' z=''/>", Limits(attributes=2), "structure-limit"),
        ("<b xmlns:p='urn:p'/>" * 9, Limits(namespaces=1), None),
        ("<b xmlns:p='urn:p'><b xmlns:q='urn:q'/></b>", Limits(namespaces=2), None),
        ("<b xmlns:p='urn:p'><b xmlns:p='urn:q'/></b>", Limits(namespaces=1), "structure-limit"),
    ],
)
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_each_limit_holds_exactly(
    inside: str, limits: Limits, reason: str | None, declared: str
) -> None:
    found = xmlsafe.parse(f"{declared}<a>{inside}</a>".encode(), limits)
    assert (found.code if isinstance(found, Refusal) else None) == reason


LONGEST = "a" * xmltree.MAX_TEXT


@pytest.mark.parametrize(
    ("inside", "at"),
    [
        (f"<b>{LONGEST}</b>", None),
        (f"<b>{LONGEST}b</b>", "/a/b"),
        (f"<b>{LONGEST}<c/>b</b>", "/a/b"),
        (f"<b/>{LONGEST}<b/>b", "/a"),
        (f"<b>{LONGEST[1:]}<!-- {LONGEST} -->b</b>", None),
        (f"<free>{LONGEST * 2}</free>", None),
        (f"<free>{LONGEST * 2}</free>{LONGEST}b", "/a"),
        (f"<b>{LONGEST}</b>" * 16, None),
        (f"<b>{LONGEST}</b>" * 16 + "<b>b</b>", ""),
    ],
)
def test_more_text_than_anybody_reads_is_refused_with_its_place(
    inside: str, at: str | None
) -> None:
    found = xmltree.text_fault(root_of(f"<a>{inside}</a>"), "free")
    assert (found and (found.code, found.at or "")) == (
        at if at is None else ("structure-limit", at)
    )


def test_a_limit_names_the_line_that_exceeds_it() -> None:
    body = "<a>\n<b/>\n<b/>\n<b/>\n</a>"
    assert refused(body.encode(), Limits(elements=3)).line == 4
    assert refused(b"<a>\n<b>\n<c/></b></a>", Limits(depth=2)).line == 3
    assert refused(b"<a>\n<b x='' y=''/></a>", Limits(attributes=1)).at == "/a/b"


@given(
    st.lists(
        st.sampled_from(
            ["<b/>", "<b>x</b>", "<!-- < ' -->", "<![CDATA[<<<]]>", "<b x='1' y=\"'2'\"/>", "'\"="]
        ),
        max_size=12,
    )
)
def test_counting_in_the_bytes_never_refuses_what_the_tree_allows(pieces: list[str]) -> None:
    body = f"<?xml version='1.0'?><a>{''.join(pieces)}</a>".encode()
    limits = Limits(elements=7, attributes=2, namespaces=2)
    flood = xmlbytes.flood_fault(body, limits)
    if not isinstance(xmlsafe.parse(body, limits), Refusal):
        assert flood is None


def test_the_prefixes_of_forty_attachments_are_no_flood() -> None:
    declared = '<c xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"/>' * 40
    assert isinstance(xmlsafe.parse(f"<a>{declared}</a>".encode(), LIMITS), xmlsafe.Parsed)


# --- floods, of the size that the limit on bytes lets through -------------------------------------

FLOODS = {
    "elements": "b'<a>' + b'<a/>' * 8_000_000 + b'</a>'",
    "nested elements": "b'<a>' * 10_000_000",
    "comments": "b'<a>' + b'<!---->' * 4_500_000 + b'</a>'",
    "comments that never end": "b'<a>' + b'<!--' * 8_000_000",
    "character data that never ends": "b'<a>' + b'<![CDATA[' * 3_500_000",
    "attributes": "b'<a ' + b' '.join(b'a%d=\"\"' % n for n in range(2_500_000)) + b'/>'",
    "attributes without end": "b'<a ' + b'x=\"' * 8_000_000",
    "namespaces": "b'<a ' + b' '.join(b'xmlns:a%d=\"u:\"' % n for n in range(1_500_000)) + b'/>'",
    "instructions": "b'<a>' + b'<?a?>' * 6_400_000 + b'</a>'",
    "references": "b'<a>' + b'&x;' * 10_000_000 + b'</a>'",
    "white space before the root": "b' ' * 32_000_000",
    "comments before the root": "b'<!-- -->' * 4_000_000",
    "a comment before the root that never ends": "b'<!-- ' + b'-- ' * 10_000_000",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_in_seconds_and_in_its_own_space(flood: str) -> None:
    before, most = megabytes_at_most(
        "from axisd.core import xmlsafe\n"
        "from axisd.core.reasons import Refusal\n"
        "from axisd.core.view import Limits\n"
        f"body = {FLOODS[flood]}\n"
        "before()\n"
        "assert isinstance(xmlsafe.parse(body, Limits()), Refusal)"
    )
    assert most - before < 160, "the parse of 32 MB took more than five times as much"


WORDS = {
    "elements": "b'<a>' + b''.join(b'<w%08d/>' % n for n in words) + b'</a>'",
    "attributes": "b'<a>' + b''.join(b'<w x%08d=\"\"/>' % n for n in words) + b'</a>'",
    "namespaces": "b'<a>' + b''.join(b'<w xmlns=\"urn:%08d\"/>' % n for n in words) + b'</a>'",
    "instructions": "b'<a>' + b''.join(b'<?w%08d?>' % n for n in words) + b'</a>'",
    "entities": "b'<a>' + b''.join(b'&w%08d;' % n for n in words) + b'</a>'",
    "too many elements": "b'<a>' + b'<a/>' * 20_000 + b''.join(b'<w%08d/>' % n for n in words)",
    "broken elements": "b'<a>' + b''.join(b'<w%08d/>' % n for n in words)",
}


@pytest.mark.parametrize("kind", WORDS)
def test_new_words_do_not_pile_up_in_a_thread(kind: str) -> None:
    before, most = megabytes_at_most(
        "from axisd.core import xmlsafe\n"
        "from axisd.core.view import Limits\n"
        "before()\n"
        "for i in range(200):\n"
        "    words = range(i * 5_000, i * 5_000 + 5_000)\n"
        f"    body = {WORDS[kind]}\n"
        "    xmlsafe.parse(body, Limits())"
    )
    assert most - before < 30, "1,000,000 words cost more than 48 MB where they are kept"


def test_a_thread_that_has_met_too_many_words_still_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlsafe, "WORDS_PER_THREAD", -1)
    make, parsers = xmlsafe.parser, []

    def noted() -> etree.XMLParser:
        parsers.append(threading.get_ident())
        return make()

    monkeypatch.setattr(xmlsafe, "parser", noted)
    root = root_of(DOCUMENT)
    assert etree.tostring(root, method="c14n") == etree.tostring(
        etree.fromstring(DOCUMENT.encode()), method="c14n"
    )
    assert refused(b"<a>").code == "not-well-formed"
    assert threading.get_ident() not in parsers


def test_messages_of_known_words_cost_a_thread_nothing() -> None:
    root_of(DOCUMENT)
    before = xmltree.spent()
    for _ in range(50):
        root_of(DOCUMENT)
    assert xmltree.spent() == before


def test_threads_parse_at_the_same_time_without_mixing() -> None:
    documents = [swap(DOCUMENT, (">15<", f">{n}<")) for n in range(8)]
    found: dict[int, set[str]] = {n: set() for n in range(8)}

    def work(n: int) -> None:
        for _ in range(100):
            found[n].update(_numbers(root_of(documents[n])))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: {str(n)} for n in range(8)}


def _numbers(root: etree._Element) -> Iterator[str]:
    for element in root.iter("{*}CodeNumber"):
        yield element.text or ""


def test_no_other_module_makes_a_parser_of_lxml_or_parses_without_ours() -> None:
    calls = re.compile(r"etree\.(?:XMLParser|fromstring|parse|XML|iterparse|XMLPullParser)\([^\n]*")
    package = Path(xmlsafe.__file__).parents[1]
    found = {
        (path.name, call)
        for path in package.rglob("*.py")
        if path != Path(xmlsafe.__file__)
        for call in calls.findall(path.read_text(encoding="utf-8"))
        if "xmlsafe.parser()" not in call
    }
    assert not found


def test_a_refusal_never_quotes_the_text_of_the_document() -> None:
    secret = "Nội dung mật"
    for damage in ("&", "<", "\x00", "]]>", "<!-- -- -->", "&x;", "</b>", "<?x?>", "<b"):
        body = f"<a>\n<b>{secret}{damage}{secret}</b></a>"
        found = refused(body.encode())
        assert secret not in found.text("en")
        assert secret not in found.text("vi")
        assert found.line == 2
