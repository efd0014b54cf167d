"""The composition root: the one place that knows everyone, one module per part of it.

`ground` is what every part stands on, `services` the ledger and what is built on it, `entrance` the one way
from all doors into the intake, `broker` and `national` the two sides that are spoken to, `web` what is
served, `health` what is told about it all, `reload` and `stopping` what is asked of it; `life` starts
and stops them in order. Nothing outside this package imports from it but `run`.
"""

from axisd.daemon.life import run

__all__ = ["run"]
