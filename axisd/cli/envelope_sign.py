"""`axisd envelope sign`: puts the enveloped signature in, and keeps every other byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from axisd.adapters import keyring
from axisd.cli.exits import BadInput
from axisd.cli.files import DASH, INPUT, OUTPUT, handed_in, read_file, write_file
from axisd.cli.frame import AxisCommand
from axisd.cli.output import note, visible
from axisd.core.reasons import Refusal
from axisd.core.signing import sign_envelope
from axisd.core.trust import organs_of, signer_of


@click.command(
    "sign",
    cls=AxisCommand,
    examples=[
        ("envelope sign FILE --key K.pem --certificate C.pem --out OUT", "sign it into OUT"),
        ("envelope sign - --key K.pem --certificate C.pem < FILE > OUT", "as part of a pipe"),
        ("envelope sign FILE … --replace --out OUT", "in the place of the signature that is there"),
    ],
)
@click.argument("file", type=INPUT)
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    help="Private key, PEM without a passphrase: RSA from 2048 bits, P-256 or P-384.",
)
@click.option(
    "--certificate",
    required=True,
    type=click.Path(path_type=Path),
    help="Certificate of that key, PEM, followed by its chain.",
)
@click.option(
    "--out", type=OUTPUT, default=DASH, show_default=True, help="Where the signed envelope goes."
)
@click.option("--replace", is_flag=True, help="Cut out the signature that is there, if any.")
def sign(file: Path, key: Path, certificate: Path, out: Path, replace: bool) -> None:
    """Sign an envelope: an XML signature as last child of its header; every other byte stays.

    An envelope that is signed already is refused with exit code 65, unless --replace is given.
    """
    with handed_in():
        signing = keyring.load(key, certificate)
    signed = sign_envelope(read_file(file), signing, replace=replace)
    if isinstance(signed, Refusal):
        raise BadInput(
            f"{signed.code}: {signed.text('en')}",
            where=f"{file}:{signed.line}" if signed.line else str(file),
            mend="give --replace" if signed.code == "signature-place" else "",
        )
    write_file(out, signed)
    organs = ", ".join(sorted(organs_of(signing.certificate))) or "no agency"
    note(f"signed as {visible(signer_of(signing.certificate))}, which names {visible(organs)}")
    note(f"sha256:{hashlib.sha256(signed).hexdigest()}, {len(signed)} bytes")
    if str(out) != DASH:
        note(f"next: axisd envelope inspect {out}")
