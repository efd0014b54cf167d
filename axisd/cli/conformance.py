"""`axisd conformance`: whether an agency's system does what the axis and the regulation ask of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from cryptography import x509

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.cli.account import account_options, address, endpoint
from axisd.cli.conformance_report import report_text, result_json
from axisd.cli.exits import BadInput, Exit
from axisd.cli.files import read_file, write_file
from axisd.cli.frame import AxisGroup, json_option
from axisd.cli.loop import finish
from axisd.cli.output import Role, note, paint, say, say_json, visible
from axisd.client import AxisClient, Writer
from axisd.core.directory import Channel
from axisd.core.wording import Phrase
from axisd.simulator.agency.post import AmqpPost, Post, VxpPost
from axisd.simulator.agency.sandbox import FACTS
from axisd.simulator.conformance.checks import CHECKS, Outcome, Result
from axisd.simulator.conformance.exam import Exam, Patience
from axisd.simulator.conformance.heard import Heard
from axisd.simulator.conformance.laboratory import Laboratory
from axisd.simulator.conformance.letters import Letters
from axisd.simulator.conformance.notes import Notes

_ROLES: Final[dict[Outcome, Role]] = {
    Outcome.PASSED: "good",
    Outcome.FAILED: "bad",
    Outcome.NOT_TRIED: "dim",
}
_FILE: Final = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who examines whom: the examiner's agency and way to the axis, and the system's agency."""

    agency: str
    examiner: str
    key: Path
    certificate: Path
    trust: Sequence[x509.Certificate]
    url: str | None = None
    url_file: Path | None = None
    vxp: str | None = None
    system_id: str | None = None
    secret_file: Path | None = None
    laboratory: Laboratory | None = None


@click.group(
    cls=AxisGroup,
    examples=[
        ("conformance run --sandbox sandbox", "the system that works with this sandbox"),
        ("conformance list", "what is asked, by which rule"),
    ],
)
def conformance() -> None:
    """Whether an agency's system is right, found out by writing to it."""


@conformance.command(
    "list", examples=[("conformance list", "what is asked, by which rule, in both languages")]
)
@json_option
def list_(as_json: bool) -> None:
    """List what is asked of an agency's system, in English and Vietnamese."""
    if as_json:
        say_json(
            [
                {
                    "name": name,
                    "title": check.title._asdict(),
                    "expected": check.expected._asdict(),
                    "rule": check.rule,
                    "mend": check.mend._asdict(),
                }
                for name, check in CHECKS.items()
            ]
        )
        return
    for name, check in CHECKS.items():
        say(f"{paint(f'{name:<13}', 'strong')} {check.title.vi} / {check.title.en}")
        for text in (check.expected.vi, check.expected.en, check.rule):
            say(f"{'':<14}{text}")


@conformance.command(
    "run",
    examples=[
        (
            "conformance run --sandbox sandbox",
            "the system that works with axisd simulate agency --folder sandbox",
        ),
        (
            "conformance run --agency CODE --as MINE --url-file broker.url --key K --certificate C",
            "a system on any axis, written to from an agency of one's own",
        ),
        ("conformance run --sandbox sandbox --report result.md", "and a report to keep"),
    ],
)
@click.option(
    "--sandbox", type=_FILE, metavar="FOLDER", help="The folder of axisd simulate agency."
)
@click.option("--agency", metavar="CODE", help="Whose system is examined. [default: the sandbox's]")
@click.option("--as", "examiner", metavar="CODE", help="The agency that writes to it.")
@account_options
@click.option("--vxp", metavar="URL", help="The VXP door, instead of the broker's address.")
@click.option("--system-id", metavar="ID", help="systemid at the VXP door.")
@click.option("--secret-file", type=_FILE, metavar="FILE", help="File with the secret for it.")
@click.option("--key", type=_FILE, metavar="FILE", help="What the examiner signs with.")
@click.option("--certificate", type=_FILE, metavar="FILE", help="Its certificate.")
@click.option(
    "--trust",
    type=_FILE,
    metavar="PEM",
    help="Authorities of agencies. [default: only what the certificate names is judged]",
)
@click.option(
    "--within",
    type=click.FloatRange(1, 86_400),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For what a system does by itself.",
)
@click.option(
    "--clerk",
    type=click.FloatRange(1, 86_400),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="For what people do: register, decide about a recall, reply.",
)
@click.option(
    "--report",
    "file",
    type=_FILE,
    metavar="FILE",
    help="Write a report there, in Vietnamese and English (Markdown; .json: as --json).",
)
@json_option
def run(
    sandbox: Path | None,
    agency: str | None,
    examiner: str | None,
    url: str | None,
    url_file: Path | None,
    vxp: str | None,
    system_id: str | None,
    secret_file: Path | None,
    key: Path | None,
    certificate: Path | None,
    trust: Path | None,
    within: float,
    clerk: float,
    file: Path | None,
    as_json: bool,
) -> Exit:
    """Examine an agency's system: write to it as another agency, and judge what comes back.

    Documents, an urgent one, an update, a replacement, recalls, and two that ask for a reply, one of them
    with a file of 10 MB. In a sandbox also a message twice, a probe, and a lost connection. What a person
    has to do is asked for on stderr. Exit code 0 when nothing failed, 65 when something did.
    """
    if sandbox is not None:
        desk = _in_sandbox(sandbox, agency)
    else:
        if not (agency and examiner and key and certificate):
            raise click.UsageError(
                "give --sandbox FOLDER, or --agency, --as, --key and --certificate"
            )
        desk = _Desk(
            agency,
            examiner,
            key,
            certificate,
            keyring.certificates(trust) if trust else (),
            url=url,
            url_file=url_file,
            vxp=vxp,
            system_id=system_id,
            secret_file=secret_file,
        )
    results = finish(_examine(desk, Patience(within, clerk), quiet=as_json))
    failed = [one for one in results if one.outcome is Outcome.FAILED]
    facts = result_json(desk.agency, results)
    if file is not None:
        text = json.dumps(facts, ensure_ascii=False, indent=2)
        told = text if file.suffix == ".json" else report_text(desk.agency, results)
        write_file(file, told.encode())
    if as_json:
        say_json(facts)
    else:
        _print_sum(results)
    return Exit.REFUSED if failed else Exit.DONE


async def _examine(desk: _Desk, patience: Patience, *, quiet: bool) -> list[Result]:
    key = keyring.load(desk.key, desk.certificate)
    writer = Writer(desk.examiner, key=key, name="Kiểm tra hợp chuẩn")
    letters = Letters(writer, desk.agency)
    async with _post(desk) as post:
        exam = Exam(
            post,
            letters,
            Heard(desk.agency, letters.earlier),
            desk.agency,
            patience,
            Notes((lambda _: None) if quiet else _print),
            trust=desk.trust,
            laboratory=desk.laboratory,
            ask=_ask,
        )
        return await exam.run()


@asynccontextmanager
async def _post(desk: _Desk) -> AsyncIterator[Post]:
    if desk.vxp is None:
        where = endpoint(desk.url, desk.url_file, "axisd conformance")
        async with AxisClient(where, desk.examiner) as client:
            yield AmqpPost(client)
        return
    if not (desk.system_id and desk.secret_file):
        raise click.UsageError("--vxp asks for --system-id and --secret-file")
    if address(desk.vxp, "http", "https") is None:
        raise BadInput(
            "this is not the address of a door", where="--vxp", mend="http(s)://HOST/vxp"
        )
    secret = read_file(desk.secret_file).decode("utf-8", "replace").strip()
    async with VxpClient(desk.vxp, desk.system_id, secret, SystemClock()) as door:
        yield VxpPost(door, desk.examiner)


def _in_sandbox(folder: Path, agency: str | None) -> _Desk:
    try:
        facts: dict[str, Any] = json.loads(read_file(folder / FACTS))
        own, examiner = facts["own"], facts["examiner"]
        code = agency or own["agency"]
        over_amqp = own["channel"] == Channel.AMQP and code == own["agency"]
        return _Desk(
            code,
            examiner["agency"],
            Path(examiner["key"]),
            Path(examiner["certificate"]),
            keyring.certificates(Path(facts["trust"])),
            url_file=Path(examiner["url_file"]),
            laboratory=Laboratory(folder, own["account"], code) if over_amqp else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            "it does not tell of a sandbox",
            where=str(folder / FACTS),
            mend="axisd simulate agency --folder FOLDER",
        ) from error


def _ask(what: Phrase) -> None:
    note(f"vi  {visible(what.vi)}\nen  {visible(what.en)}", "dim")


def _print(result: Result) -> None:
    check = result.check
    outcome = paint(f"{result.outcome:<9}", _ROLES[result.outcome])
    say(f"{outcome} {result.name:<13} {check.title.vi} / {check.title.en}")
    if result.outcome is not Outcome.FAILED:
        return
    lines = (
        ("mong đợi", check.expected.vi),
        ("nhận được", result.came.vi),
        ("cách sửa", check.mend.vi),
        ("expected", check.expected.en),
        ("came", result.came.en),
        ("mend", check.mend.en),
        ("rule", check.rule),
    )
    for name, text in lines:
        say(f"{'':<10}{paint(f'{name}:', 'dim')} {visible(text)}")


def _print_sum(results: Sequence[Result]) -> None:
    counts = {outcome: sum(one.outcome is outcome for one in results) for outcome in Outcome}
    failed = counts[Outcome.FAILED]
    words = (
        f"{counts[Outcome.PASSED]} passed, {failed} failed, {counts[Outcome.NOT_TRIED]} not tried"
    )
    say(paint(words, "bad" if failed else "good"))
