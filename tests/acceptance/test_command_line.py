"""An operator's and an agency's day with nothing but the command line, against a running axis."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from axisd.simulator.province import PEER, Province
from tests.support.acceptance import ENVIRONMENT, FINANCE
from tests.support.cli import axisd_beside, facts

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNKNOWN = "000.00.99.H53"


class Desk:
    """One agency's desk: its key, its account, its files."""

    def __init__(self, province: Province, agency: str, folder: Path) -> None:
        self._province = province
        self.agency = agency
        self.folder = folder
        self.url = folder / f"{agency}.url"
        self.url.write_text(province.amqp_url(agency))

    async def signed(self, number: str, *recipients: str) -> Path:
        out, key, certificate = self.folder / number, *self._province.credentials(self.agency)
        to = [word for recipient in recipients for word in ("--to", recipient)]
        built = await axisd_beside(
            "envelope", "new", "--from", self.agency, *to, "--number", number, "--notation", "CLI",
            "--subject", "V/v dòng lệnh",
        )  # fmt: skip
        assert built.exit_code == 0, built.stderr
        signed = await axisd_beside(
            "envelope", "sign", "-", "--key", key, "--certificate", certificate, "--out", out,
            stdin=built.stdout_bytes,
        )  # fmt: skip
        assert signed.exit_code == 0, signed.stderr
        return out

    async def submit(self, file: Path, *options: str) -> Result:
        return await axisd_beside("submit", file, "--url-file", self.url, "--json", *options)

    async def take(self, *options: str) -> list[dict[str, str]]:
        taken = await axisd_beside(
            "inbox", self.agency, "--url-file", self.url, "--out", self.folder / "taken", "--json",
            *options,
        )  # fmt: skip
        assert taken.exit_code == 0, taken.stderr
        found: list[dict[str, str]] = facts(taken)
        return found


def content(file: Path | str) -> bytes:
    return Path(file).read_bytes()


async def test_the_doctor_finds_nothing_that_fails(served: Province) -> None:
    result = await axisd_beside("doctor", "--config", served.config, "--json")
    failures = [check for check in facts(result)["checks"] if check["outcome"] == "failed"]
    assert (result.exit_code, failures) == (0, [])


async def test_an_envelope_is_built_signed_sent_received_proven_and_traced(
    served: Province, tmp_path: Path
) -> None:
    finance = Desk(served, FINANCE, tmp_path)
    file = await finance.signed("101", ENVIRONMENT, PEER[0], UNKNOWN)
    inspected = await axisd_beside("envelope", "inspect", file, "--config", served.config, "--json")
    assert (inspected.exit_code, facts(inspected)["legal_value"]) == (0, "original")

    submitted = facts(await finance.submit(file, "--wait", "60"))
    assert submitted["complete"] is True
    events = sorted(receipt["event"] for receipt in submitted["receipts"])
    assert events == ["ContentConsignment", "RelayAcceptance", "SubmissionAcceptance"]

    (tmp_path / "environment").mkdir()
    received = await Desk(served, ENVIRONMENT, tmp_path / "environment").take()
    ours = [item for item in received if item["digest"] == submitted["digest"]]
    assert [content(item["file"]) for item in ours] == [content(file)]

    for item in await finance.take("--receipts"):
        verified = await axisd_beside(
            "receipt", "verify", item["file"], "--trust", served.folder / "pki" / "ca.pem"
        )
        assert verified.exit_code == 0, verified.stdout

    document = facts(inspected)["document_id"]
    traced = await axisd_beside("document", "trace", document, "--config", served.config, "--json")
    [submission] = facts(traced)["submissions"]
    states = {one["organ"]: one["state"] for one in submission["recipients"]}
    assert states == {ENVIRONMENT: "sent", PEER[0]: "sent"}
    every = [*submission["events"], *(e for one in submission["recipients"] for e in one["events"])]
    assert all(event["receipt"]["holds"] for event in every)


async def test_an_unsigned_one_is_rejected_with_65_and_its_reason(
    served: Province, tmp_path: Path
) -> None:
    finance = Desk(served, FINANCE, tmp_path)
    built = await axisd_beside(
        "envelope", "new", "--from", FINANCE, "--to", ENVIRONMENT, "--number", "102",
        "--notation", "CLI", "--subject", "x", "--out", tmp_path / "unsigned",
    )  # fmt: skip
    assert built.exit_code == 0
    result = await finance.submit(tmp_path / "unsigned", "--wait", "60")
    assert result.exit_code == 65
    [receipt] = facts(result)["receipts"]
    assert (receipt["event"], receipt["reason"]) == ("SubmissionRejection", "signature-missing")
    assert receipt["text"].keys() == {"en", "vi"}


async def test_an_operator_looks_at_outbox_ledger_broker_and_national_axis(
    served: Province,
) -> None:
    for words in (
        ("outbox", "list"),
        ("outbox", "retry", "--all"),
        ("ledger", "verify"),
        ("broker", "check"),
        ("national", "status"),
        ("config", "reload"),
    ):
        result = await axisd_beside(*words, "--config", served.config, "--json")
        assert result.exit_code == 0, (words, result.output)
