"""The production setting for AMQP: TLS, and a client certificate in the place of a password (EXTERNAL)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.adapters.amqp import AgencyClient, DeniedError, Endpoint
from axisd.client import AxisClient
from axisd.simulator.broker import PrivateNode
from axisd.simulator.loopback import ADDRESS, free_ports
from axisd.simulator.pki import Pki
from tests.support.amqp import logs_in
from tests.support.broker import Vhost, fresh_vhost
from tests.support.broker_site import site_on
from tests.support.cli import axisd_beside, facts

WARD = "000.20.30.H53"


@dataclass(frozen=True)
class Secured:
    """A node that takes certificates, the port for them, and who issues them."""

    node: PrivateNode
    port: int
    pki: Pki
    folder: Path

    def context(self, name: str) -> ssl.SSLContext:
        """With a client certificate whose common name is `name`."""
        key, certificate = self.pki.issue(WARD, name=name, file=name)
        context = ssl.create_default_context(cafile=str(self.pki.authority))
        context.check_hostname = False  # the node's certificate names no address
        context.load_cert_chain(certificate, key)
        return context

    def endpoint(self, vhost: Vhost, account: str, context: ssl.SSLContext) -> Endpoint:
        url = f"amqps://{account}@{ADDRESS}:{self.port}/{vhost.name}?auth=external"
        return Endpoint(url, tls=context)


@pytest_asyncio.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    pki = Pki(tmp_path / "pki")
    key, certificate = pki.issue("000.00.90.H53", name="broker")
    (port,) = free_ports(1)
    settings = {
        "listeners.ssl.1": f"{ADDRESS}:{port}",
        "ssl_options.cacertfile": str(pki.authority),
        "ssl_options.certfile": str(certificate),
        "ssl_options.keyfile": str(key),
        "ssl_options.verify": "verify_peer",
        "ssl_options.fail_if_no_peer_cert": "true",
        "ssl_cert_login_from": "common_name",
        "auth_mechanisms.1": "EXTERNAL",
        "auth_mechanisms.2": "PLAIN",
    }
    node = PrivateNode(
        tmp_path / "node", settings=settings, plugins=["rabbitmq_auth_mechanism_ssl"]
    )
    await node.start()
    try:
        yield Secured(node, port, pki, tmp_path)
    finally:
        await node.kill()


async def test_a_system_with_a_certificate_needs_no_password_and_has_none(secured: Secured) -> None:
    folder = secured.folder / "site"
    folder.mkdir()
    async with fresh_vhost(secured.node) as vhost, site_on(vhost, folder) as site:
        made = await axisd_beside("broker", "apply", "--yes", "--config", site.config, "--json")
        assert made.exit_code == 0, made.stderr
        account = f"{vhost.name}-ward"
        context = secured.context(account)
        pem = secured.folder / "pki" / f"{account}.pem"
        words = ("--channel", "amqp", "--agency", WARD, "--certificate", pem, "--apply", "--yes")
        added = await axisd_beside(
            "system", "add", account, *words, "--config", site.config, "--json"
        )
        assert added.exit_code == 0, added.output
        assert facts(added)["handout"]["login"].startswith("EXTERNAL")

        async with AgencyClient(secured.endpoint(vhost, account, context)) as client:
            await client.submit(b"<edXML/>", WARD)
            assert await client.get("inbox", WARD) is None
            with pytest.raises(DeniedError):
                await client.get("inbox", "000.00.11.H53")
        async with AxisClient(secured.endpoint(vhost, account, context), WARD) as library:
            answer = await library.submit(b"<edXML/>")
            assert answer.digest.startswith("sha256:")
        for password in ("", account):
            url = vhost.amqp_url_of(account, password)
            assert not await logs_in(Endpoint(url))
        assert not await logs_in(secured.endpoint(vhost, "stranger", secured.context("stranger")))

        shut = await axisd_beside(
            "system", "suspend", account, "--yes", "--config", site.config, "--json"
        )
        assert shut.exit_code == 0, shut.output
        async with AgencyClient(secured.endpoint(vhost, account, context)) as client:
            with pytest.raises(DeniedError):
                await client.submit(b"<edXML/>", WARD)
