"""Probe documents pass like any other, no two are the same; a probe for an inbox is plainly no document."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from axisd.core.directory import Profile
from axisd.core.inspect import inspect
from axisd.core.inspection import Verdict
from axisd.core.probe import (
    NAMESPACE,
    NATIONAL,
    NOTATIONS,
    document_id_in,
    inbox_probe,
    probe_document,
)
from axisd.core.schema import Schemas
from axisd.core.submission import Lane
from axisd.core.view import Limits
from axisd.simulator.national.envelope import glance, written
from tests.support.values import FINANCE, directory, submission, system, view

AT = datetime(2026, 12, 31, 16, 59, 59, 999_000, tzinfo=UTC)
PERMISSIVE = view(
    directory=directory(systems=[system("finance", FINANCE, profile=Profile.IF_PRESENT)])
)


@pytest.mark.parametrize("lane", Lane)
def test_a_probe_document_passes_the_inspection_without_a_warning(lane: Lane) -> None:
    document_id, body = probe_document(FINANCE, NOTATIONS[lane], AT, urgent=lane is Lane.URGENT)
    inspection = inspect(submission(body, received_at=AT), PERMISSIVE, Schemas())
    assert inspection.verdict is Verdict.ACCEPTED, inspection.refusal
    assert inspection.warnings == ()
    assert inspection.envelope is not None
    assert inspection.envelope.document_id == document_id
    assert inspection.legal_value == "reference"


def test_no_two_probes_are_the_same_document() -> None:
    instants = [AT, AT + timedelta(milliseconds=1), AT - timedelta(days=365)]
    notations = [*NOTATIONS.values(), NATIONAL]
    made = {probe_document(FINANCE, n, at).document_id for at in instants for n in notations}
    assert len(made) == len(instants) * len(notations)


def test_it_is_known_again_when_the_national_axis_serialised_it_anew() -> None:
    document_id, body = probe_document(FINANCE, NATIONAL, AT)
    seen = glance(body, 1024 * 1024)
    assert not isinstance(seen, str)
    anew = written(seen)
    assert anew != body
    assert document_id_in(anew, Limits()) == document_id


@pytest.mark.parametrize("body", [b"", b"<no", b"<other/>", inbox_probe(FINANCE, AT)])
def test_what_is_no_envelope_has_no_document_id(body: bytes) -> None:
    assert document_id_in(body, Limits()) == ""


def test_what_an_inbox_gets_is_small_and_in_a_namespace_of_its_own() -> None:
    body = inbox_probe(FINANCE, AT)
    assert len(body) < 256
    root = etree.fromstring(body)
    assert root.tag == f"{{{NAMESPACE}}}probe"
    assert dict(root.attrib) == {"agency": FINANCE, "at": "2026-12-31T23:59:59.999+07:00"}
    assert len(root) == 0
