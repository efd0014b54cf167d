"""Validation: two validators agree, what the schema cannot count is counted, refusals say where and what."""

import copy
import threading
from collections.abc import Callable

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from axisd.core import edxml, xmlsafe
from axisd.core.envelope import Kind
from axisd.core.reasons import Refusal
from axisd.core.schema import FILES, Schemas, occurs_in, shipped
from axisd.core.schemafault import MAX_ELEMENTS
from axisd.resources import schema_path
from tests.support.messages import DOCUMENT, NAMESPACE, STATUS, line_of, swap
from tests.support.reading import LIMITS, SCHEMAS, root_of, vectors

XS = "{http://www.w3.org/2001/XMLSchema}"
VECTORS = [body for tree in ("good", "bad") for _, body, _ in vectors(tree)]
SECOND_OPINION = {kind: xmlschema.XMLSchema10(str(schema_path(FILES[kind]))) for kind in Kind}
FIRST_OPINION = {kind: etree.XMLSchema(etree.fromstring(shipped(FILES[kind]))) for kind in Kind}


def parsed(body: bytes) -> etree._Element | None:
    found = xmlsafe.parse(body, LIMITS)
    return None if isinstance(found, Refusal) else found.root


def opinions(root: etree._Element, kind: Kind) -> tuple[bool, bool]:
    """Without comments: xmlschema takes one inside a value for a child element."""
    root = etree.fromstring(etree.tostring(root))
    etree.strip_tags(root, etree.Comment)
    return FIRST_OPINION[kind].validate(root), SECOND_OPINION[kind].is_valid(root)  # type: ignore[arg-type]


def refusal(body: str, kind: Kind = Kind.DOCUMENT) -> Refusal:
    found = SCHEMAS.validate(root_of(body), kind)
    assert found is not None, "it is valid"
    return found


# --- two validators, one verdict -----------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_libxml2_and_xmlschema_agree_on_every_vector(kind: Kind) -> None:
    roots = [root for body in VECTORS if (root := parsed(body)) is not None]
    assert len(roots) > 100
    for root in roots:
        first, second = opinions(root, kind)
        assert first == second, etree.tostring(root)[:400]


NAMES = (
    "To",
    "From",
    "OrganId",
    "Priority",
    "Subject",
    "Signature",
    "Status",
    "Urgency",
    "Attachment",
)
TEXTS = ("", " ", "0", "9", "x" * 36, "Đ" * 101, " \n Đ \n ", "ế" * 2000, "ế" * 2001, "1a")


@st.composite
def mutated(draw: st.DrawFn) -> etree._Element:
    """A good message after a few changes of its tree."""
    root = root_of(draw(st.sampled_from([DOCUMENT, STATUS])))
    for _ in range(draw(st.integers(1, 3))):
        elements = [element for element in root.iter(etree.Element) if element is not root]
        if not elements:
            break
        element = draw(st.sampled_from(elements))
        parent = element.getparent()
        assert parent is not None
        change = draw(
            st.sampled_from(
                ["drop", "double", "swap", "rename", "text", "tail", "attribute", "foreign"]
            )
        )
        if change == "drop":
            parent.remove(element)
        elif change == "double":
            parent.insert(parent.index(element), copy.deepcopy(element))
        elif change == "swap":
            parent.insert(0, element)
        elif change == "rename":
            element.tag = f"{{{NAMESPACE}}}{draw(st.sampled_from(NAMES))}"
        elif change == "text":
            element.text = draw(st.sampled_from(TEXTS))
        elif change == "tail":
            element.tail = draw(st.sampled_from(["x", " "]))
        elif change == "attribute":
            element.set(draw(st.sampled_from(["version", "id", "{urn:x}y"])), "1")
        else:
            foreign = draw(st.sampled_from(["urn:x", "http://www.w3.org/2000/09/xmldsig#"]))
            etree.SubElement(parent, f"{{{foreign}}}Signature").text = "x"
    return root


@given(mutated(), st.sampled_from(Kind))
def test_libxml2_and_xmlschema_agree_on_any_change_of_a_message(
    root: etree._Element, kind: Kind
) -> None:
    first, second = opinions(root, kind)
    assert first == second, etree.tostring(root, encoding="unicode")


@given(mutated())
def test_what_a_changed_message_is_refused_for_lies_where_it_says(root: etree._Element) -> None:
    kind = edxml.recognise(root)
    found = kind if isinstance(kind, Refusal) else SCHEMAS.validate(root, kind)
    if found is not None:
        assert found.at is not None
        assert found.at.startswith("/edXML")
        assert "–" not in found.text("en") + found.text("vi")
    elif not isinstance(kind, Refusal):
        assert opinions(root, kind) == (True, True)


def test_libxml2_wins_where_xmlschema_takes_other_white_space_for_white_space() -> None:
    body = swap(DOCUMENT, ("</edXML:From>", "</edXML:From>\u00a0"))
    assert opinions(root_of(body), Kind.DOCUMENT) == (False, True)
    found = refusal(body)
    assert found.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
    assert found.line == line_of(body, "<edXML:MessageHeader>")


# --- what the schema cannot count ----------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_every_element_that_may_repeat_in_any_order_has_its_count_in_the_schema(kind: Kind) -> None:
    schema = xmlsafe.parse_trusted(shipped(FILES[kind]))
    repeating = [
        choice for choice in schema.iter(f"{XS}choice") if choice.get("maxOccurs") == "unbounded"
    ]
    assert repeating
    for choice in repeating:
        names = [element.get("name") for element in choice.iterchildren(f"{XS}element")]
        told = choice.getparent().findtext(f"{XS}annotation/{XS}appinfo") or ""  # type: ignore[union-attr]
        counted = [part.split(":")[0].strip().split("|") for part in told.split(",")]
        assert sorted(name for part in counted for name in part) == sorted(filter(None, names))


def each_count(kind: Kind, body: str) -> list[tuple[str, str, int, int | None]]:
    root = root_of(body)
    rules = occurs_in(xmlsafe.parse_trusted(shipped(FILES[kind])))
    return [
        (parent, name, rule.least, rule.most)
        for parent, counts in rules.items()
        for rule in counts
        for name in rule.names
        if root.tag == f"{{{NAMESPACE}}}{parent}"
        or root.find(f".//{{{NAMESPACE}}}{parent}") is not None
    ]


@pytest.mark.parametrize(
    ("parent", "name", "least", "most"), each_count(Kind.DOCUMENT, DOCUMENT), ids=str
)
def test_a_document_with_too_few_or_too_many_of_an_element_is_refused(
    parent: str, name: str, least: int, most: int | None
) -> None:
    def at(change: Callable[[etree._Element, list[etree._Element]], None]) -> Refusal | None:
        root = root_of(DOCUMENT)
        found = root if parent == "edXML" else root.find(f".//{{*}}{parent}")
        assert found is not None
        change(found, list(found.iterchildren(f"{{{NAMESPACE}}}{name}")))
        return SCHEMAS.validate(root, Kind.DOCUMENT)

    def none(element: etree._Element, children: list[etree._Element]) -> None:
        for child in children:
            element.remove(child)

    def two(element: etree._Element, children: list[etree._Element]) -> None:
        for _ in range(2 - len(children)):
            copy = etree.tostring(children[0]) if children else f'<{name} xmlns="{NAMESPACE}"/>'
            element.append(etree.fromstring(copy))

    assert (at(none) is not None) == (least > 0)
    assert (at(two) is not None) == (most == 1)


# --- the schemas themselves ----------------------------------------------------------------------


def test_no_schema_has_identity_constraints_where_libxml2_had_its_holes() -> None:
    # CVE-2024-56171 and CVE-2025-32415 are reached by validating xs:key, xs:keyref or xs:unique.
    for name in FILES.values():
        schema = xmlsafe.parse_trusted(shipped(name))
        assert next(schema.iter(f"{XS}key", f"{XS}keyref", f"{XS}unique"), None) is None


def test_types_that_both_schemas_name_are_the_same() -> None:
    documents, statuses = (
        {
            node.get("name"): etree.tostring(node, method="c14n")
            for node in xmlsafe.parse_trusted(shipped(FILES[kind])).iterchildren(
                f"{XS}simpleType", f"{XS}complexType", f"{XS}group"
            )
        }
        for kind in Kind
    )
    differing = {"Envelope", "Header", "ResponseFor", "TraceHeaderList"}
    for name in documents.keys() & statuses.keys() - differing:
        assert documents[name] == statuses[name], name


def test_schemas_stand_alone() -> None:
    for name in FILES.values():
        schema = xmlsafe.parse_trusted(shipped(name))
        assert next(schema.iter(f"{XS}include", f"{XS}import", f"{XS}redefine"), None) is None


# --- what is said --------------------------------------------------------------------------------


def test_a_refusal_names_path_line_and_what_was_expected_in_two_languages() -> None:
    body = swap(DOCUMENT, (">000.00.13.H53<", "><"))
    second = swap(
        body, ("<edXML:To>", "<edXML:To><edXML:OrganId>x</edXML:OrganId></edXML:To><edXML:To>")
    )
    found = refusal(second)
    assert found.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId"
    assert found.line == line_of(second, "<edXML:OrganId><")
    assert found.text("en") == "The envelope breaks the schema: OrganId must not be empty."
    assert found.text("vi") == "Gói tin không hợp lệ theo lược đồ: OrganId không được để trống."


def test_a_refusal_never_quotes_the_subject() -> None:
    found = refusal(swap(DOCUMENT, ("V/v lập dự toán năm 2027", "Tuyệt mật " * 201)))
    assert found.particulars["detail"] == "Subject has 2009 characters; at most 2000 are allowed."
    assert "mật" not in found.text("en") + found.text("vi")


def test_a_comment_does_not_hide_text_from_the_explanation() -> None:
    body = swap(DOCUMENT, ("<edXML:Priority>0", "<edXML:Priority>1<!-- -->1"))
    assert refusal(body).particulars["detail"] == "Priority is 11; allowed are 0, 1, 2, 3, 4."


def test_a_fault_inside_the_content_of_an_attachment_is_found() -> None:
    body = swap(DOCUMENT, ("JVBE", "<b/>JVBE"))
    assert refusal(body).at == "/edXML/AttachmentEncoded/Attachment/ContentTransferEncoded"


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ('xmlns:x="urn:other"', "AttachmentName in namespace 'urn:other'"),
        ('xmlns=""', "AttachmentName without a namespace"),
    ],
)
def test_an_element_of_another_namespace_is_called_that(declared: str, found: str) -> None:
    name = "x:AttachmentName" if ":x" in declared else "AttachmentName"
    body = swap(
        DOCUMENT,
        ("      <AttachmentName>15-STC-VP.pdf<", f"      <{name} {declared}>15-STC-VP.pdf<"),
        ("pdf</AttachmentName>", f"pdf</{name}>"),
    )
    expected = f"the element {found} is not expected here in Attachment; expected: AttachmentName."
    assert refusal(body).particulars["detail"] == expected


def test_a_large_document_is_refused_by_libxml2s_word_alone() -> None:
    many = "<edXML:To><edXML:OrganId>x</edXML:OrganId></edXML:To>" * MAX_ELEMENTS
    body = swap(DOCUMENT, ("<edXML:To>", f"{many}\n<edXML:To>"), ("Priority>0", "Priority>7"))
    found = refusal(body)
    assert found.at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/OtherInfo/Priority"
    assert found.line == line_of(body, "Priority>7")
    assert found.text("en").endswith("Priority is not allowed so (SCHEMAV_CVC_ENUMERATION_VALID).")


def test_the_message_is_not_changed_by_being_refused() -> None:
    body = swap(DOCUMENT, ("<edXML:Priority>0", "<edXML:Priority>9"))
    root = root_of(body)
    SCHEMAS.validate(root, Kind.DOCUMENT)
    assert etree.tostring(root, method="c14n") == etree.tostring(root_of(body), method="c14n")


def test_a_schema_location_is_not_followed(tmp_path: object) -> None:
    located = swap(
        DOCUMENT,
        (
            "<edXML ",
            (
                '<edXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                f'xsi:schemaLocation="{NAMESPACE} file://{tmp_path}/none.xsd urn:x file:///dev/zero" '
            ),
        ),
        ("<edXML:Priority>0", "<edXML:Priority>9"),
    )
    assert (
        refusal(located).at == "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/OtherInfo/Priority"
    )


def test_threads_validate_at_the_same_time_without_mixing_their_errors() -> None:
    schemas = Schemas()
    names = ("Priority>9", "PageAmount>2a", "BussinessDocType>4")
    plain = {"Priority>9": "Priority>0", "PageAmount>2a": "PageAmount>2"}
    bodies = [swap(DOCUMENT, (plain.get(name, "BussinessDocType>0"), name)) for name in names]
    found: list[set[str]] = [set() for _ in names]

    def work(n: int) -> None:
        for _ in range(30):
            fault = schemas.validate(root_of(bodies[n]), Kind.DOCUMENT)
            found[n].add((fault.at or "").rpartition("/")[2] if fault else "valid")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{name.partition(">")[0]} for name in names]


def test_a_signature_is_judged_by_the_w3cs_schema() -> None:
    ds = "http://www.w3.org/2000/09/xmldsig#"
    good = (
        f'<Signature xmlns="{ds}"><SignedInfo><CanonicalizationMethod Algorithm="urn:c"/>'
        '<SignatureMethod Algorithm="urn:s"/><Reference URI=""><DigestMethod Algorithm="urn:d"/>'
        "<DigestValue>QQ==</DigestValue></Reference></SignedInfo>"
        "<SignatureValue>QQ==</SignatureValue></Signature>"
    )
    assert SCHEMAS.validate_signature(root_of(good)) is None
    fault = SCHEMAS.validate_signature(root_of(good.replace("QQ==</Sig", "Q!</Sig")))
    assert fault is not None
    assert "SignatureValue" in fault


def test_what_is_no_receipt_is_not_taken_for_one() -> None:
    fault = SCHEMAS.validate_receipt(root_of('<Receipt xmlns="urn:axisd:receipt:1.0"/>'))
    assert fault is not None
    assert fault.startswith("line 1: ")
