"""A site whose broker is a vhost of the run's node. Accounts carry the vhost's name: they are global."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from tests.support.broker import Vhost
from tests.support.settings import Site, small_site

PASSWORD = "the daemon's own"


def daemon_of(vhost: Vhost) -> str:
    return f"{vhost.name}-axisd"


@asynccontextmanager
async def site_on(vhost: Vhost, folder: Path) -> AsyncIterator[Site]:
    """The small site on `vhost`, nothing applied yet; accounts that come to be go with the block."""
    site = small_site(folder)
    for account in ("office", "finance"):
        site.edit("systems.yaml", f"account: {account}", f"account: {vhost.name}-{account}")
    site.write("amqp.url", vhost.amqp_url_of(daemon_of(vhost), PASSWORD).rsplit("/", 1)[0])
    node = vhost.node
    admin = f"{quote(node.admin_user, safe='')}:{quote(node.admin_password, safe='')}"
    site.write("management.url", node.management_url.replace("://", f"://{admin}@"))
    site.edit(
        "axisd.yaml",
        "{url: 'amqp://127.0.0.1:5672'}",
        f"{{url_file: amqp.url, vhost: {vhost.name}, management_url_file: management.url}}",
    )
    yield site
    for row in await vhost.node.api("GET", "users?columns=name"):
        if row["name"].startswith(f"{vhost.name}-"):
            await vhost.node.api("DELETE", f"users/{row['name']}")
