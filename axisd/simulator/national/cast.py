"""Scripted centres on a running simulated axis: all of them at once, until cancelled.

Each looks into its mailbox over the protocol, as a partner would, and meets the axis's faults as a partner
would. Their time is the axis's: what a script says after an hour is said when its clock has been advanced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from axisd.adapters.vxp.client import VxpClient
from axisd.core.envelope import Organization
from axisd.simulator.national.agenda import Agenda
from axisd.simulator.national.peer import Peer
from axisd.simulator.national.script import Script, Scripts
from axisd.simulator.national.seed import Centre, Seed
from axisd.simulator.national.server import RunningAxis

_PAUSE: Final = 0.5

Tell = Callable[[str, bool], None]
"""Is given a sentence about what happened, and whether something went wrong."""


async def play(axis: RunningAxis, seed: Seed, scripts: Scripts, agenda: Agenda, tell: Tell) -> None:
    """Plays the centres that `scripts` names."""
    async with asyncio.TaskGroup() as group:
        for centre in seed.centres:
            if script := scripts.centres.get(centre.system_id):
                name = _spokesman(seed, centre)
                group.create_task(_one(axis, centre, name, script, agenda, scripts.dice, tell))


def _spokesman(seed: Seed, centre: Centre) -> Organization:
    """The first agency of a centre."""
    for agency in seed.agencies:
        if agency.centre == centre.system_id:
            return Organization(agency.code, name=agency.name)
    return Organization(centre.system_id, name=centre.name)


async def _one(
    axis: RunningAxis,
    centre: Centre,
    agency: Organization,
    script: Script,
    agenda: Agenda,
    dice: int,
    tell: Tell,
) -> None:
    name = centre.system_id
    async with VxpClient(axis.url, name, centre.secret, axis.clock) as client:
        peer = Peer(
            client, axis.clock, agency, script=script, agenda=agenda, centre=name, dice=dice
        )
        while True:
            if taken := await peer.look():
                tell(f"{name} took {taken} items, and has {peer.owes()} answers to give", False)
            for trouble in peer.troubles:
                tell(f"{name}: {trouble}", True)
            peer.troubles.clear()
            peer.heard.clear()
            await asyncio.sleep(_PAUSE)
