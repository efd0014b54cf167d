"""The section on the interconnection check. What it names is read by the check alone."""

from __future__ import annotations

from datetime import timedelta

from axisd.config.files import Place
from axisd.config.model.section import Section, setting
from axisd.config.model.terms import Code
from axisd.config.units import Duration


class CheckSettings(Section):
    """The interconnection check, `axisd check` (QC Điều 12.6). Without this section no documents are probed
    with.

    What it needs of files is read by the check alone: the daemon starts without them.
    """

    agency: Code = setting(
        "The probe agency: a code of the directory that stands for nobody, served by an AMQP system of its own.",
        reloads=True,
    )
    url_file: Place = setting(
        "File with the address of RabbitMQ in it, as that system's account, without the vhost.",
        reloads=True,
    )
    key: Place = setting(
        "Private key that the probe agency signs with, PEM without a passphrase.", reloads=True
    )
    certificate: Place = setting(
        "Certificate of that key, PEM, followed by its chain.", reloads=True
    )
    timeout: Duration = setting(
        "How long a probe may take through a lane, with its receipts.",
        reloads=True,
        default=timedelta(seconds=60),
        gt=timedelta(),
    )
    national: bool = setting(
        "Whether a probe goes over the national axis too, where it is joined; the probe agency has to be"
        " registered there.",
        reloads=True,
        default=True,
    )
    national_timeout: Duration = setting(
        "How long it may take over the national axis and back.",
        reloads=True,
        default=timedelta(minutes=20),
        gt=timedelta(),
    )
