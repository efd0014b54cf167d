"""What a kept demo hands to whoever goes on with it: `env.json`, and how to stop everything."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from axisd.adapters.ledger.lock import LedgerLock
from axisd.simulator.broker import PrivateNode
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.process import Process, noted
from axisd.simulator.province import (
    CENTRE,
    PEER,
    PEER_CENTRE,
    VHOST,
    Province,
    forget_elsewhere,
    processes_file,
)


def write_handout(province: Province, folder: Path) -> None:
    """Writes `env.json`; its paths are relative to the checkout."""
    env = folder / "env.json"
    env.touch(mode=0o600)
    env.write_text(json.dumps(environment(province, folder), indent=2), encoding="utf-8")


def environment(province: Province, folder: Path) -> dict[str, Any]:
    """Everything needed to act as any part of this province."""
    python = shlex.quote(_relative(Path(sys.executable)))
    node = f"{python} -m axisd.simulator.broker"
    return {
        "config": str(folder / "axisd.yaml"),
        "http": province.http,
        "amqp": {
            "host": ADDRESS,
            "port": province.node.amqp_port,
            "vhost": VHOST,
            "admin": {
                "user": province.node.admin_user,
                "password": province.node.admin_password,
            },
        },
        "broker_node": {
            "stop": f"{node} stop {folder / 'broker'}",
            "start": f"{node} start {folder / 'broker'}",
        },
        "daemon": {
            "pid": province.axisd.pid if province.axisd else None,
            "start": f"{python} -m axisd run --config {folder / 'axisd.yaml'}",
        },
        "national": {
            "url": province.national_url,
            "system_id": CENTRE,
            "secret": province.national_secret,
            "peer": {
                "system_id": PEER_CENTRE,
                "secret": province.peer_secret,
                "agency": PEER[0],
            },
        },
        "vxp_door": {
            "url": province.vxp_url,
            "system_id": province.vxp.account,
            "secret": province.vxp.password,
            "agency": province.vxp.agency,
        },
        "trust": str(folder / "pki" / "ca.pem"),
        "trust_key": str(folder / "pki" / "ca.key"),
        "receipt_certificate": str(folder / "pki" / "axis.pem"),
        "agencies": [
            {
                "id": code,
                "user": member.account,
                "password": member.password,
                "key": str(folder / "pki" / f"{code}.key"),
                "certificate": str(folder / "pki" / f"{code}.pem"),
            }
            for member in province.over_broker
            for code in member.agencies
        ],
    }


async def stop_kept(folder: Path) -> bool:
    """Stops what a demo left running in `folder`, also one that was killed; whether anything was.

    Each by its pid and start time; axisd also when somebody started it again by hand.
    """
    left = [process for process in noted(processes_file(folder)) if process.alive()]
    holder = LedgerLock.holder(folder / "ledger" / "ledger.lock")
    if holder is not None and holder not in {process.pid for process in left}:
        left.append(Process.of(holder))
    for process in reversed(left):
        await process.end(30)
    processes_file(folder).unlink(missing_ok=True)
    node = PrivateNode(folder / "broker", outlives=True)
    ran = node.pid is not None
    if (folder / "broker").exists():
        await node.stop()
    forget_elsewhere(folder)
    return bool(left) or ran


def _relative(path: Path) -> str:
    """`path` relative to the checkout, where it lies in it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
