"""The ledger on SQL: evidence, payloads, deliveries, outbox (`axisd.ports.Ledger`).

`open_ledger` is for the one daemon that writes, `open_reader` for everybody else on the machine.
"""

from axisd.adapters.ledger.store import LedgerReader, SqlLedger, open_ledger, open_reader

__all__ = ["LedgerReader", "SqlLedger", "open_ledger", "open_reader"]
