"""An agency's system: it keeps what comes in, answers it, sends, and keeps the receipts.

python agency_system.py URL_FILE AGENCY KEY CERTIFICATE TRUST DATABASE [RECIPIENT NUMBER SUBJECT FILE]
"""

import asyncio
import sqlite3
import sys

from axisd.client import AxisClient, File, load_key, load_trust, load_url

url, agency, key, pem, trust, database, *letter = sys.argv[1:]
axis = AxisClient(load_url(url), agency, key=load_key(key, pem), trust=load_trust(trust))
db = sqlite3.connect(database)
db.execute("create table if not exists came (id text primary key, kind, sender, body blob)")
db.execute("create table if not exists outgoing (number integer primary key, body blob)")


def keep(item, kind, sender, answers=()):
    """One transaction: what came, and what is said to it. What came before under its id is ignored."""
    row = (item.id, kind, sender, item.body)
    with db:
        if db.execute("insert or ignore into came values (?, ?, ?, ?)", row).rowcount:
            bodies = [(axis.status(item, code),) for code in answers]
            db.executemany("insert into outgoing (body) values (?)", bodies)


async def read_inbox():
    """Says 01 and 03 to a document, 15 to a recall; in a real system a clerk says 03 and 15."""
    async for message in axis.inbox():
        async with message:  # acknowledged where this block ends; given again later if it raises
            answers = ("01", "03") if message.kind == "document" else ()
            keep(message, message.kind, message.sender, ("15",) if message.asks_back else answers)


async def read_receipts():
    """They are the evidence of what became of what was sent."""
    async for receipt in axis.receipts():
        async with receipt:
            keep(receipt, receipt.event, "proven" if receipt.proven else "not proven")


async def main():
    """Submits what waits in the table, the same bytes again and again until they are confirmed."""
    async with axis, asyncio.TaskGroup() as group:
        group.create_task(read_inbox())
        group.create_task(read_receipts())
        while await asyncio.sleep(0.2, True):
            for number, body in db.execute("select * from outgoing order by number").fetchall():
                await axis.submit(body, within=3600)
                with db:
                    db.execute("delete from outgoing where number = ?", (number,))


if letter:  # another process may also put it into the table
    with db:
        body = axis.document(axis.letter(letter[:1], *letter[1:3]), [File.read(letter[3])])
        db.execute("insert into outgoing (body) values (?)", (body,))
asyncio.run(main())
