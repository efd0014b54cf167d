"""The ledger in memory, for tests, rehearsals and demonstrations (`axisd.ports.Ledger`)."""

from axisd.adapters.memory.ledger import MemoryLedger

__all__ = ["MemoryLedger"]
