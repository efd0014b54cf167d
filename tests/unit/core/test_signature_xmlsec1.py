"""Signatures by xmlsec1, the other implementation: every canonicalisation in every style of namespaces."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from axisd.core import xmlsafe
from axisd.core.reasons import Refusal
from axisd.core.signature import check, uncovered
from axisd.core.view import Limits
from tests.support.signed_vectors import GOOD
from tests.support.signed_world import DS, ENVELOPE, signed, swap, world

C14N: Final = {
    "1.0": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "1.1": "http://www.w3.org/2006/12/xml-c14n11",
    "exclusive": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
METHODS: Final = {
    "sender": ("rsa-sha256", "rsa-sha384", "rsa-sha512"),
    "ec-p256": ("ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"),
    "ec-p384": ("ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"),
}
STYLES: Final = ("prefix", "default", "prefix declared on the root")
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xmlsec1")
    for name in METHODS:
        made = world().credential(name)
        pem = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(pem)
        (folder / f"{name}.pem").write_bytes(made.certificate.public_bytes(Encoding.PEM))
    (folder / "ca.pem").write_bytes(world().root.certificate.public_bytes(Encoding.PEM))
    return folder


def template(
    *,
    style: str = "prefix",
    signed_info: str = "exclusive",
    transform: str | None = "exclusive",
    method: str = "rsa-sha256",
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256",
    prefixes: str = "",
) -> bytes:
    """The envelope with an empty Signature for xmlsec1 to fill in."""
    p = "" if style == "default" else "ds:"
    declared = f'xmlns{":ds" if p else ""}="{DS}"'
    listed = (
        f'<ec:InclusiveNamespaces xmlns:ec="{C14N["exclusive"]}" PrefixList="{prefixes}"/>'
        if prefixes
        else ""
    )
    last = (
        f'<{p}Transform Algorithm="{C14N[transform]}">{listed}</{p}Transform>' if transform else ""
    )
    on_root = style == "prefix declared on the root"
    signature = f"""<{p}Signature{"" if on_root else " " + declared}>
      <{p}SignedInfo>
        <{p}CanonicalizationMethod Algorithm="{C14N[signed_info]}">{listed}</{p}CanonicalizationMethod>
        <{p}SignatureMethod Algorithm="{MORE}{method}"/>
        <{p}Reference URI="">
          <{p}Transforms><{p}Transform Algorithm="{DS}enveloped-signature"/>{last}</{p}Transforms>
          <{p}DigestMethod Algorithm="{digest}"/><{p}DigestValue/>
        </{p}Reference>
      </{p}SignedInfo>
      <{p}SignatureValue/>
      <{p}KeyInfo><{p}X509Data><{p}X509Certificate/></{p}X509Data></{p}KeyInfo>
    </{p}Signature>"""
    body = swap(ENVELOPE, b"</edXML:edXMLHeader>", f"{signature}</edXML:edXMLHeader>")
    return swap(body, b"<edXML xmlns", f"<edXML {declared} xmlns") if on_root else body


def sign(body: bytes, keys: Path, folder: Path, name: str = "sender") -> bytes:
    (folder / "template.xml").write_bytes(body)
    subprocess.run(
        [
            "/usr/bin/xmlsec1",
            "--sign",
            "--privkey-pem",
            f"{keys / name}.key,{keys / name}.pem",
            "--output",
            folder / "signed.xml",
            folder / "template.xml",
        ],
        check=True,
        capture_output=True,
    )
    return (folder / "signed.xml").read_bytes()


def verified_here(body: bytes) -> bool:
    parsed = xmlsafe.parse(body, Limits())
    assert not isinstance(parsed, Refusal), parsed
    found = check(parsed.root)
    return found.refusal is None and uncovered(parsed.root, found) is None


def verified_by_xmlsec1(body: bytes, keys: Path, folder: Path) -> bool:
    (folder / "body.xml").write_bytes(body)
    result = subprocess.run(
        ["/usr/bin/xmlsec1", "--verify", "--trusted-pem", keys / "ca.pem", folder / "body.xml"],
        check=False,
        capture_output=True,
    )
    return result.returncode == 0


@pytest.mark.parametrize(
    ("style", "signed_info", "transform"), [*itertools.product(STYLES, C14N, [None, *C14N])]
)
def test_whatever_xmlsec1_signs_is_verified(
    style: str, signed_info: str, transform: str | None, keys: Path, tmp_path: Path
) -> None:
    body = sign(template(style=style, signed_info=signed_info, transform=transform), keys, tmp_path)
    assert verified_by_xmlsec1(body, keys, tmp_path)
    assert verified_here(body)
    assert not verified_here(swap(body, "quyết toán", "quyết toàn"))


@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, all_ in METHODS.items() for method in all_]
)
def test_every_permitted_method_of_xmlsec1_is_verified(
    name: str, method: str, keys: Path, tmp_path: Path
) -> None:
    assert verified_here(sign(template(method=method), keys, tmp_path, name))


@pytest.mark.parametrize("digest", ["xmlenc#sha256", "xmldsig-more#sha384", "xmlenc#sha512"])
def test_every_permitted_digest_of_xmlsec1_is_verified(
    digest: str, keys: Path, tmp_path: Path
) -> None:
    uri = f"http://www.w3.org/2001/04/{digest}"
    assert verified_here(sign(template(digest=uri), keys, tmp_path))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("prefixes", ["edXML", "edXML ds", "ds", "edXML nobody"])
def test_prefixes_kept_by_exclusive_canonicalisation_are_kept_here(
    prefixes: str, style: str, keys: Path, tmp_path: Path
) -> None:
    body = sign(template(style=style, prefixes=prefixes), keys, tmp_path)
    assert verified_by_xmlsec1(body, keys, tmp_path)
    assert verified_here(body)


@pytest.mark.parametrize("prefixes", ["#default", "edXML #default"])
def test_the_default_namespace_in_a_prefix_list_is_refused_by_name(
    prefixes: str, keys: Path, tmp_path: Path
) -> None:
    """By luck lxml would keep it: only if some other document had taught libxml2 the word."""
    parsed = xmlsafe.parse(sign(template(prefixes=prefixes), keys, tmp_path), Limits())
    assert not isinstance(parsed, Refusal)
    refusal = check(parsed.root).refusal
    assert refusal is not None
    assert refusal.code == "signature-algorithm"
    assert "#default" in refusal.text("en")


def test_a_default_namespace_undeclared_above_the_signature_is_verified(
    keys: Path, tmp_path: Path
) -> None:
    """The header undoes the root's default namespace: what lxml would invent here really is there."""
    body = swap(
        template(signed_info="1.0", transform="1.0"),
        b"<edXML:edXMLHeader>",
        b'<edXML:edXMLHeader xmlns="">',
    )
    assert verified_here(sign(body, keys, tmp_path))


@pytest.mark.parametrize("name", ["sender", "ec-p256", "ec-p384"])
def test_xmlsec1_verifies_what_is_signed_here(name: str, keys: Path, tmp_path: Path) -> None:
    body = signed(credential=world().credential(name))
    assert verified_by_xmlsec1(body, keys, tmp_path)
    assert not verified_by_xmlsec1(swap(body, "quyết toán", "quyết toàn"), keys, tmp_path)


@pytest.mark.parametrize(
    "name",
    [name for name in GOOD if "PSS" not in name],  # xmlsec1 1.2 does not know RSA-PSS
)
def test_xmlsec1_agrees_on_every_good_vector(name: str, keys: Path, tmp_path: Path) -> None:
    assert verified_by_xmlsec1(GOOD[name](), keys, tmp_path)
