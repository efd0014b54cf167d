"""Whether a client certificate can stand for an AMQP account (RabbitMQ's EXTERNAL).

RabbitMQ takes the account from the certificate's common name (`ssl_cert_login_from = common_name`) and trusts
whatever its own authorities issued; looked at here is only what would keep the system out, or let it in as
somebody else.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from axisd.adapters.clock import SystemClock
from axisd.cli.exits import BadInput
from axisd.config.files import read_certificates


def require_client_certificate(file: Path, account: str) -> None:
    """Raises BadInput unless the first certificate of `file` lets `account` in today."""
    try:
        certificate = read_certificates(file).certificates[0]
    except ValueError as error:
        raise BadInput(str(error)) from error
    if why := _unfit(certificate, account):
        raise BadInput(
            why, where=str(file), mend="have the integrator ask his authority for another"
        )


def _unfit(certificate: x509.Certificate, account: str) -> str:
    names = [
        str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    if names != [account]:
        return f"its common name is {', '.join(names) or 'missing'}, and has to be the account {account}"
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= SystemClock().now() <= end:
        return f"it is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}: not now"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    client = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return "" if client & set(usage) else "its extendedKeyUsage does not say clientAuth"
