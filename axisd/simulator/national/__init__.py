"""A simulated national axis: a server that speaks the whole of VXP, with centres, agencies, mailboxes.

    async with await serve(folder, seed=Seed.read(path)) as axis:
        axis.url

It behaves like the real one where that is known, has the faults that it is told to have (`behaviour`), and
keeps its state over a restart. `peer` is another province on it, that answers documents with statuses by itself.
"""

from axisd.simulator.national.behaviour import Behaviour, Conduct
from axisd.simulator.national.seed import Agency, Centre, Seed
from axisd.simulator.national.server import RunningAxis, serve

__all__ = ["Agency", "Behaviour", "Centre", "Conduct", "RunningAxis", "Seed", "serve"]
