"""Alembic's scripts. They ship inside the package and are frozen: each says what it did in its time.

None imports the tables or the lifecycle of today. `HEAD` is the newest revision, known without loading
Alembic, so that a daemon whose ledger is up to date starts quickly (a test holds it true).
"""

from typing import Final

HEAD: Final = "0009"
