"""`axisd system add`: enrol a system: its row, its secret, its account on the broker, its hand-out.

RabbitMQ comes first, so that its queues are there before the daemon routes to them; then the row is written
and the daemon asked to read it. What fails before the row is written leaves no system behind; the same
command again begins anew, with a new secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from axisd.adapters.clock import SystemClock
from axisd.cli.administration import (
    Admin,
    admin_of,
    daemon_account,
    management_option,
    new_secret,
    read_now,
)
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisCommand, config_option, json_option, yes_option
from axisd.cli.loop import finish
from axisd.cli.system_broker import make, part_of, require_free
from axisd.cli.system_certificate import require_client_certificate
from axisd.cli.system_file import Change, file_of, plan, reload_daemon
from axisd.cli.system_handout import Handout
from axisd.cli.system_told import Manner, definitions_option, dry_run_option, handout_option
from axisd.config.edit_systems import Value, with_row
from axisd.config.files import read_secrets
from axisd.config.load import Configuration
from axisd.config.systems import Account
from axisd.core.directory import Channel, Profile
from axisd.core.zone import day_of

_ACCOUNT: TypeAdapter[str] = TypeAdapter(Account)


@click.command(
    "add",
    cls=AxisCommand,
    examples=[
        (
            "system add justice --channel amqp --agency 000.00.14.H53 --apply",
            "over AMQP: account, queues, hand-out",
        ),
        (
            "system add justice --channel amqp --agency 000.00.14.H53 --certificate justice-client.pem --apply",
            "the same, without a password: it logs in with its certificate",
        ),
        (
            "system add 53.14 --channel vxp --agency 000.00.14.H53 --handout justice.txt --yes",
            "through the VXP door, from a script",
        ),
        ("system add justice --channel edoc --agency 000.00.14.H53 --dry-run", "what would change"),
    ],
)
@click.argument("account")
@click.option(
    "--channel",
    type=click.Choice([each.value for each in Channel]),
    required=True,
    help="How it sends and receives.",
)
@click.option(
    "--agency",
    "codes",
    metavar="CODE",
    multiple=True,
    required=True,
    help="Code of an agency that it serves; may be given several times.",
)
@click.option(
    "--profile",
    type=click.Choice([each.value for each in Profile]),
    help="What is asked of its signatures; default: required.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="AMQP: it logs in with this client certificate instead of a password; its CN is the account.",
)
@click.option(
    "--existing-secret",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="VXP and eDoc: the secret that its software has already, instead of a new one.",
)
@click.option(
    "--secrets",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="VXP and eDoc: where the file with its secret goes; default: beside the file of systems.",
)
@click.option(
    "--apply",
    is_flag=True,
    help="AMQP: make account and queues on RabbitMQ, by its management API.",
)
@definitions_option
@handout_option
@dry_run_option
@management_option
@yes_option
@config_option
@json_option
def add(
    account: str,
    channel: str,
    codes: tuple[str, ...],
    profile: str | None,
    certificate: Path | None,
    existing_secret: Path | None,
    folder: Path | None,
    apply: bool,
    definitions_file: Path | None,
    handout_file: Path | None,
    dry_run: bool,
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Enrol a system for one or more agencies, and print what its integrator needs.

    The row is added to the file of systems, whose comments and order stay; what the daemon would not load
    is not written. The secret is shown once, or written into the file of --handout.
    """
    loaded, way = read_now(config), Channel(channel)
    given = {
        "--certificate": certificate,
        "--existing-secret": existing_secret,
        "--secrets": folder,
    }
    _refuse_options(way, {**given, "--apply": apply, "--definitions": definitions_file})
    _refuse_account(loaded, account)
    _refuse_agencies(loaded, codes, day_of(SystemClock().now()))
    if certificate is not None:
        require_client_certificate(certificate, account)
    secret = None if certificate is not None else _secret(existing_secret)
    row = _row(account, way, codes, profile)
    change = _planned(loaded, row, way, folder, secret)
    admin = admin_of(loaded, management) if apply else None
    if admin is not None:
        finish(require_free(admin, loaded.settings.amqp.vhost, account))
    facts: dict[str, Any] = {"account": account, "channel": way, "file": str(change.file)}
    manner = Manner(dry_run, yes, as_json, handout_file, definitions_file)
    if not manner.goes_on(f"Enrol {account}?", facts, *_preview(change, account, admin)):
        return
    handout = Handout.of(change.after, account, secret)
    part = None
    if way is Channel.AMQP:
        part = part_of(change.after, account, secret, external=secret is None)
    with manner.handed_over(handout):
        if admin is not None and part is not None:
            finish(make(admin, loaded.settings.amqp.vhost, part))
        change.carry_out()
    manner.tell(
        {**facts, "applied": admin is not None, **reload_daemon(loaded)},
        f"next: its integrator tries it; axisd system show {account} says how it goes",
        handout=handout,
        definitions=None if apply else part,
    )


def _refuse_options(way: Channel, given: Mapping[str, object]) -> None:
    """Options that mean nothing for this channel."""
    over_amqp = {"--certificate", "--apply", "--definitions"}
    for name, value in given.items():
        if value and (name in over_amqp) is not (way is Channel.AMQP):
            raise click.UsageError(f"{name} means nothing for the channel {way}")
    if given["--apply"] and given["--definitions"]:
        raise click.UsageError("--apply and --definitions are two ways to do the same: give one")


def _refuse_account(loaded: Configuration, account: str) -> None:
    try:
        _ACCOUNT.validate_python(account)
    except ValidationError as error:
        raise BadInput(
            f"{account!a} cannot be an account",
            mend="letters, digits, dots, dashes and underscores, 63 at most, a letter or digit first",
        ) from error
    if account in {daemon_account(loaded), "guest"}:
        raise BadInput(f"{account} is not free: RabbitMQ or the daemon itself uses it")
    if account in loaded.view.directory.systems:
        raise BadInput(
            f"there is a system {account} already",
            mend=f"axisd system rotate {account} gives it a new secret; edit its row for the rest",
        )


def _refuse_agencies(loaded: Configuration, codes: Sequence[str], day: date) -> None:
    directory = loaded.view.directory
    for code in codes:
        agency = directory.at(code, day)
        if agency is None:
            raise BadInput(
                f"{code!a} is no agency of the directory",
                mend="axisd directory list WORD finds codes; axisd directory import adds agencies",
            )
        if not agency.open_on(day):
            heir = directory.current(code, day)
            mend = (
                f"enrol it for {heir.code}" if heir else "axisd directory show says what follows it"
            )
            raise BadInput(f"{code} is not open on {day}", mend=mend)
        if (other := directory.system_of(code)) is not None:
            raise BadInput(
                f"{code} is served by {other.account} already, and one agency has one system",
                mend=f"axisd system remove {other.account}, or take the agency out of its row",
            )
    canonical = [directory.canonical(code) for code in codes]
    if len(set(canonical)) < len(canonical):
        raise BadInput("two of the codes stand for one agency", mend="give each agency once")


def _secret(existing: Path | None) -> str:
    if existing is None:
        return new_secret()
    try:
        values = read_secrets(existing).values
    except ValueError as error:
        raise BadInput(str(error)) from error
    if len(values) > 1:
        raise BadInput("it holds more than one line", where=str(existing))
    return values[0].get_secret_value()


def _row(
    account: str, way: Channel, codes: tuple[str, ...], profile: str | None
) -> dict[str, Value]:
    row: dict[str, Value] = {"account": account, "channel": str(way), "agencies": codes}
    return row if profile is None else {**row, "profile": profile}


def _planned(
    loaded: Configuration,
    row: Mapping[str, Value],
    way: Channel,
    folder: Path | None,
    secret: str | None,
) -> Change:
    if way is Channel.AMQP or secret is None:
        return plan(loaded, lambda text: with_row(text, row))
    beside = file_of(loaded).parent
    file = (folder.absolute() if folder is not None else beside) / f"{row['account']}.secret"
    if file.exists():
        raise BadInput(
            "there is a file already where its secret would go",
            where=str(file),
            mend="remove it if it is left over, or name a folder with --secrets",
        )
    named = str(file.relative_to(beside)) if file.is_relative_to(beside) else str(file)
    whole = {**row, "secret_file": named}
    return plan(loaded, lambda text: with_row(text, whole), fresh={file: f"{secret}\n"})


def _preview(change: Change, account: str, admin: Admin | None) -> Iterator[str]:
    system = change.directory.systems[account]
    names = [
        f"{code} ({agency.name})"
        for code in system.agencies
        if (agency := change.directory.find(code)) is not None
    ]
    yield f"{change.file}: a row for {account}, over {system.channel}, serving {', '.join(names)}"
    for file in change.fresh:
        yield f"{file}: its secret, for the daemon alone"
    if system.channel is Channel.AMQP:
        where = admin.place if admin else "definitions to be imported into RabbitMQ"
        yield f"{where}: its account, permissions and {2 * len(names)} queues"
