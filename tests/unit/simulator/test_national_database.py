"""The file of a simulated axis: opened whatever version made it, and asked by its indexes."""

import sqlite3
from pathlib import Path

import pytest

from axisd.adapters.clock import ManualClock
from axisd.simulator.national.database import FILE, Transaction, connected
from axisd.simulator.national.store import Store

OLD_ITEM = """
CREATE TABLE item (
  doc_id TEXT PRIMARY KEY, message TEXT NOT NULL, centre TEXT NOT NULL,
  sender TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
  description TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
  repeats TEXT NOT NULL) STRICT;
INSERT INTO item VALUES ('i', 'm', 'c', 's', 'r', 'edoc', 'initial', '',
  '2026/01/05 08:00:00', '2026/01/05 08:00:00', '');
"""


def test_a_file_of_an_earlier_version_keeps_its_items(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript(OLD_ITEM)
    old.close()
    for _ in range(2):
        store = Store(tmp_path)
        (item,) = store.messages.waiting("c", "edoc", ManualClock().now())
        assert (item.doc_id, item.due, item.copy_of) == ("i", 0, "")
        store.close()


def test_what_an_exception_leaves_is_not_there(tmp_path: Path) -> None:
    db = connected(tmp_path)

    def broken() -> None:
        with Transaction(db):
            db.execute("INSERT INTO kept VALUES ('a', 'b')")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        broken()
    assert db.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    db.close()


def test_no_question_of_a_mailbox_or_a_sent_list_reads_a_whole_table(tmp_path: Path) -> None:
    store = Store(tmp_path)
    asked: list[str] = []
    store._db.set_trace_callback(asked.append)
    messages, now = store.messages, ManualClock().now()
    messages.waiting("c", "edoc", now, "2026/01/05", "2026/01/05")
    messages.finished("c", "edoc", 5)
    messages.count("c", "edoc", now)
    messages.body("c", "i", now)
    messages.sent("c", "edoc", "m")
    messages.sent("c", "edoc", "", "2026/01/05", "2026/01/05")
    messages.first_of("c", "digest", "r")
    messages.mark("c", "i", "done", "", "x", now)
    store._db.set_trace_callback(None)
    questions = [words for words in asked if words.startswith(("SELECT", "UPDATE"))]
    assert len(questions) >= 8
    for words in questions:
        plan = store._db.execute(f"EXPLAIN QUERY PLAN {words}").fetchall()
        assert not [step for *_, step in plan if step.startswith("SCAN")], (words, plan)
    store.close()
