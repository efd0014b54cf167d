"""`axisd system rotate`: a new password, secret or token.

At the doors the old one may stay valid for a while beside the new one: `--overlap` begins that, `--finish`
ends it. RabbitMQ knows one password only, and whoever is connected with the old one is disconnected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from axisd.adapters.amqp import Definitions
from axisd.cli.administration import Admin, admin_of, management_option, new_secret, read_now
from axisd.cli.exits import BadInput
from axisd.cli.frame import AxisCommand, config_option, json_option, yes_option
from axisd.cli.loop import finish
from axisd.cli.system_broker import make, part_of
from axisd.cli.system_certificate import require_client_certificate
from axisd.cli.system_file import enrolled, plan, reload_daemon
from axisd.cli.system_handout import Handout
from axisd.cli.system_told import Manner, definitions_option, dry_run_option, handout_option
from axisd.config.load import Configuration
from axisd.core.directory import Channel
from axisd.errors import UnavailableError


@click.command(
    "rotate",
    cls=AxisCommand,
    examples=[
        ("system rotate finance --apply", "over AMQP: a new password, and everybody reconnects"),
        ("system rotate 53.13 --overlap", "at a door: a new secret, the old one stays valid too"),
        ("system rotate 53.13 --finish", "the old one ends, when its software has the new one"),
        ("system rotate 53.13", "at once: whoever has the old one is out"),
    ],
)
@click.argument("account")
@click.option("--overlap", is_flag=True, help="VXP and eDoc: the old secret stays valid for now.")
@click.option("--finish", "finishing", is_flag=True, help="VXP and eDoc: end an overlap.")
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="AMQP: from now on it logs in with this client certificate, and its password ends.",
)
@click.option("--apply", is_flag=True, help="AMQP: set it on RabbitMQ, by its management API.")
@definitions_option
@handout_option
@dry_run_option
@management_option
@yes_option
@config_option
@json_option
def rotate(
    account: str,
    overlap: bool,
    finishing: bool,
    certificate: Path | None,
    apply: bool,
    definitions_file: Path | None,
    handout_file: Path | None,
    dry_run: bool,
    management: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Give a system a new password, secret or token, and print what its integrator needs."""
    loaded = read_now(config)
    way = enrolled(loaded, account).channel
    manner = Manner(dry_run, yes, as_json, handout_file, definitions_file)
    if way is not Channel.AMQP:
        if certificate or apply or definitions_file:
            raise click.UsageError(f"a system over {way} has nothing on RabbitMQ")
        _at_door(loaded, account, manner, overlap=overlap, finishing=finishing)
        return
    if overlap or finishing:
        raise click.UsageError("RabbitMQ knows one password for an account: there is no overlap")
    if apply and definitions_file:
        raise click.UsageError("--apply and --definitions are two ways to do the same: give one")
    if certificate is not None:
        require_client_certificate(certificate, account)
    admin = admin_of(loaded, management) if apply else None
    _over_amqp(loaded, account, manner, admin, None if certificate else new_secret())


def _over_amqp(
    loaded: Configuration, account: str, manner: Manner, admin: Admin | None, secret: str | None
) -> None:
    part = part_of(loaded, account, secret, external=secret is None)
    where = admin.place if admin else "definitions to be imported into RabbitMQ"
    what = "a new password" if secret is not None else "no password, its certificate instead"
    facts: dict[str, Any] = {"account": account, "channel": Channel.AMQP}
    preview = f"{where}: {what} for {account}; its connections are closed"
    if not manner.goes_on(f"Change the login of {account}?", facts, preview):
        return
    handout = Handout.of(loaded, account, secret)
    closed = 0
    with manner.handed_over(handout):
        if admin is not None:
            closed = _set_on_broker(admin, loaded, account, part)
    manner.tell(
        {**facts, "applied": admin is not None, "connections_closed": closed},
        f"{closed} connections of {account} were closed"
        if admin is not None
        else f"then: rabbitmqctl close_all_user_connections {account} 'password changed'",
        handout=handout,
        definitions=None if admin is not None else part,
    )


def _set_on_broker(admin: Admin, loaded: Configuration, account: str, part: Definitions) -> int:
    try:
        return finish(make(admin, loaded.settings.amqp.vhost, part, revoke="password changed"))
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}. RabbitMQ may have the new login of {account}, and nobody was told it: run the same again"
        ) from error


def _at_door(
    loaded: Configuration, account: str, manner: Manner, *, overlap: bool, finishing: bool
) -> None:
    held = loaded.sources.enrolment.secret_files[account]
    words = [value.get_secret_value() for value in held.values]
    if overlap and finishing:
        raise click.UsageError("--finish ends what --overlap began: give one of them")
    if finishing and len(words) == 1:
        raise BadInput(f"{account} has one secret: there is no overlap to end")
    if overlap and len(words) > 1:
        raise BadInput(
            f"{account} has {len(words)} valid secrets already",
            mend=f"axisd system rotate {account} --finish ends the older ones",
        )
    fresh = words[0] if finishing else new_secret()
    kept = [fresh, *words] if overlap else [fresh]
    ended = 0 if overlap else len(words) - finishing
    change = plan(loaded, str, renewed={held.path: "\n".join(kept) + "\n"})
    facts: dict[str, Any] = {
        "account": account,
        "channel": change.directory.systems[account].channel,
        "file": str(held.path),
        "valid": len(kept),
        "ended": ended,
    }
    end = (
        "the old one stays valid"
        if overlap
        else f"{ended} old one{'s end' * (ended > 1) or ' ends'}"
    )
    preview = f"{held.path}: {'no new secret' if finishing else 'a new secret'}; {end}"
    if not manner.goes_on(f"Change the secret of {account}?", facts, preview):
        return
    handout = None if finishing else Handout.of(loaded, account, fresh)
    with nullcontext() if handout is None else manner.handed_over(handout):
        change.carry_out()
    manner.tell(
        {**facts, **reload_daemon(loaded)}, *_next(account, overlap=overlap), handout=handout
    )


def _next(account: str, *, overlap: bool) -> Iterator[str]:
    if overlap:
        yield f"next: when its software has the new one: axisd system rotate {account} --finish"
