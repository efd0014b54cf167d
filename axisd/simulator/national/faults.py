"""Which fault strikes when: drawn from the dice, so that the same calls meet the same faults again.

Every fault counts its own occasions for each centre and operation; the n-th of them has always the same
luck under the same dice, whatever other centres do meanwhile. Counting starts anew with each conduct.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from axisd.simulator.national.behaviour import Behaviour, Conduct
from axisd.simulator.national.dice import Dice
from axisd.simulator.national.often import Between, Often


class Faults:
    """The conduct in force, and what came of it. `centres`: whom to count; all others count as one."""

    def __init__(self, conduct: Conduct, centres: Iterable[str]) -> None:
        self.centres = frozenset(centres)
        self._conduct = conduct
        self._dice = Dice(conduct.dice)
        self.struck: Counter[tuple[str, str]] = Counter()
        """How often each fault struck, by centre and fault."""
        self.changed = asyncio.Event()
        """Set when this conduct ends; whoever is being kept waiting is let go."""

    @property
    def conduct(self) -> Conduct:
        return self._conduct

    def replace(self, conduct: Conduct) -> None:
        """From now on so; every count starts anew."""
        self._conduct = conduct
        self._dice = Dice(conduct.dice)
        self.struck.clear()
        self.end()
        self.changed = asyncio.Event()

    def end(self) -> None:
        """Lets go of whoever is being kept waiting."""
        self.changed.set()

    def of(self, centre: str) -> Behaviour:
        """How the axis behaves towards `centre`."""
        return self._conduct.of(centre)

    def strikes(self, fault: str, centre: str, operation: str, item: str = "") -> bool:
        """Whether `fault` strikes this time. With `item`, its first occasions are counted by themselves."""
        often: Often = getattr(self.of(centre), fault)
        if not often.concerns(operation):
            return False
        whose = centre if centre in self.centres else ""
        strikes = self._dice.happens(often, fault, whose, operation, item=item)
        if strikes:
            self.struck[whose, fault] += 1
        return strikes

    def draw(self, *occasion: str) -> float:
        """From 0 up to 1: the luck of the next occasion of this name."""
        return self._dice.draw("how", *occasion)

    def time(self, between: Between, *occasion: str) -> timedelta:
        """A time drawn from `between`."""
        return self._dice.time(between, *occasion)
