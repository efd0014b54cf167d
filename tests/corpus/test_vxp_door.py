"""The SDK's own sample messages through the VXP door, sent and answered as the SDK does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from axisd.core.directory import Channel, Profile
from axisd.core.edxml import glimpse, recognise
from axisd.core.reasons import Refusal
from axisd.core.view import Limits, View
from axisd.core.xmlsafe import Parsed, parse
from tests.corpus.conftest import SHARED
from tests.support.values import agency, directory, system
from tests.support.vxp_door import post, sending, site

SAMPLES = {
    file.name: file.read_bytes() for file in sorted((SHARED / "samples" / "sdk").glob("*.edxml"))
}
BROKEN = {"edoc.edxml", "edoc_new.edxml"}
"""Not well-formed, as found: an undeclared prefix, and characters before the declaration."""


def parties(body: bytes) -> tuple[str, list[str]]:
    """The sender that a sample names, and whom it is for."""
    parsed = parse(body, Limits())
    assert isinstance(parsed, Parsed)
    kind = recognise(parsed.root)
    assert not isinstance(kind, Refusal)
    envelope = glimpse(parsed.root, kind)
    assert envelope is not None
    recipients = getattr(envelope, "recipients", ())
    about = getattr(envelope, "about", None)
    codes = [to.organ_id for to in recipients] or ([about.organ_id] if about else [])
    return envelope.sender.organ_id, codes


def where(view: View, sender: str, recipients: list[str]) -> View:
    """A province in which the sample's sender has the system `door`."""
    codes = dict.fromkeys((sender, *recipients))
    there = directory(
        [agency(code) for code in codes],
        [system("door", sender, channel=Channel.VXP, profile=Profile.IF_PRESENT)],
    )
    return replace(view, directory=there, national=True)


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - BROKEN))
async def test_a_sample_is_answered_for_what_it_says(tmp_path: Path, name: str) -> None:
    body = SAMPLES[name]
    sender, recipients = parties(body)
    kind = "status" if name.startswith("status") else "edoc"
    async with site(tmp_path) as made:
        made.view = where(made.view, sender, recipients)
        headers = sending(body, sender=sender, kind=kind)
        answer = await post(f"{made.url}/sendEdoc", headers, body + b"\r\n")
        (settled,) = made.telemetry.settlements
        assert settled.facts.size == len(body)
        if answer["status"] == "OK":
            assert (answer["DocId"], settled.reason) == (settled.facts.submission_id, "")
        else:
            # What changes or recalls an earlier document needs one that is known here.
            assert settled.reason in {"recall-unknown", "update-unknown", "recall-not-asked"}
            assert f"[{settled.reason}" in answer["ErrorDesc"]


@pytest.mark.parametrize("name", sorted(BROKEN))
async def test_a_sample_that_is_not_well_formed_is_refused_as_such(
    tmp_path: Path, name: str
) -> None:
    body = SAMPLES[name]
    async with site(tmp_path) as made:
        answer = await post(f"{made.url}/sendEdoc", sending(body), body + b"\r\n")
    assert (answer["status"], answer["ErrorCode"]) == ("FAIL", "22")
    assert "[not-well-formed" in answer["ErrorDesc"]
