"""Tables, migrations and versions agree."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from axisd.adapters.ledger import SqlLedger, codec, open_ledger, open_reader
from axisd.adapters.ledger.migrations import HEAD
from axisd.adapters.ledger.tables import METADATA
from axisd.core.history import Recall, RecallOutcome
from axisd.errors import ConfigError, TransientError
from tests.support.ledger import NOW, RECIPIENTS, case, commit


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqlLedger]:
    opened = await open_ledger(tmp_path / "ledger")
    yield opened
    await opened.close()


NEW_IN_0009 = {"type_name", "signer", "position", "place", "pages"}


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "axisd.adapters.ledger:migrations")
    config.set_main_option("path_separator", "newline")
    return ScriptDirectory.from_config(config)


def test_the_newest_migration_is_the_one_we_say() -> None:
    assert scripts().get_heads() == [HEAD]


def test_revisions_sort_as_they_follow() -> None:
    revisions = [script.revision for script in scripts().walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)


async def test_the_migrations_make_the_tables_that_are_declared(ledger: SqlLedger) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    assert await ledger._reader.read(differences) == []


async def test_the_migrations_make_them_to_the_letter(ledger: SqlLedger, tmp_path: Path) -> None:
    """Also what the comparison does not look at: checks, STRICT, partial indexes, names."""
    assert made_in(tmp_path / "ledger") == declared()


_SQL = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"


def declared() -> dict[str, list[str]]:
    """What the tables of today are made with."""
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        found = {name: _parts(sql) for name, sql in connection.exec_driver_sql(_SQL)}
    engine.dispose()
    return found


def made_in(folder: Path) -> dict[str, list[str]]:
    """What the ledger in `folder` was made with, whatever its version was."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        found = {name: _parts(sql) for name, sql in connection.execute(_SQL)}
    found.pop("alembic_version")
    return found


def _parts(sql: str) -> list[str]:
    """Columns in their order of appearance do not matter to anyone, nor do lines; what they say does."""
    head, _, rest = " ".join(sql.split()).partition("(")
    body, _, tail = rest.rpartition(")")
    parts, depth = [""], 0
    for character in body:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [head.strip(), tail.strip(), *sorted(part.strip() for part in parts)]


def test_the_tables_can_be_made_on_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in METADATA.sorted_tables:
        assert "STRICT" not in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


async def test_opening_again_loads_no_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await open_ledger(tmp_path / "ledger")).close()

    def never(*_: object) -> None:
        pytest.fail("nothing is due")

    monkeypatch.setattr("alembic.command.upgrade", never)
    await (await open_ledger(tmp_path / "ledger")).close()


def set_version(folder: Path, version: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()


async def test_a_ledger_from_a_newer_axisd_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    await (await open_ledger(folder)).close()
    set_version(folder, "9999")
    with pytest.raises(ConfigError, match="newer axisd"):
        await open_ledger(folder)
    with pytest.raises(ConfigError, match="newer axisd"):
        await open_reader(folder)
    set_version(folder, HEAD)
    await (await open_ledger(folder)).close()


async def test_a_reader_refuses_an_older_ledger_and_says_what_upgrades_it(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    await (await open_ledger(folder)).close()
    set_version(folder, "0000")
    with pytest.raises(ConfigError, match="axisd run"):
        await open_reader(folder)


def versions() -> list[str]:
    return sorted(script.revision for script in scripts().walk_revisions())


@pytest.mark.parametrize("version", versions())
async def test_a_ledger_of_any_version_is_upgraded_with_what_it_has(
    tmp_path: Path, version: str
) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "axisd.adapters.ledger:migrations")
        config.set_main_option("path_separator", "newline")
        command.upgrade(config, version)
        later = {"due_date", *NEW_IN_0009}
        row = {**codec.submission_columns(case("D1").record), **dict.fromkeys(later)}
        known = {name: value for name, value in row.items() if value is not None}
        names, values = ", ".join(known), ", ".join(f":{name}" for name in known)
        connection.execute(text(f"INSERT INTO submission ({names}) VALUES ({values})"), known)
    engine.dispose()
    upgraded = await open_ledger(folder)
    (kept,) = (await upgraded.timeline("D1")).submissions
    await upgraded.close()
    assert (kept.facts.document_id, kept.number) == ("D1", "12")
    assert made_in(folder) == declared()


async def test_recalls_of_before_are_kept_when_their_table_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    one = case("D1", recipients=RECIPIENTS)
    recalls = [
        Recall(leg.id, one.record.facts.submission_id, NOW, outcome)
        for leg, outcome in zip(
            one.deliveries, (RecallOutcome.ASKED, RecallOutcome.AGREED), strict=False
        )
    ]
    rows = [
        ("submission", {**codec.submission_columns(one.record)}),
        ("payload", {"digest": one.record.facts.digest, "size": 0, "body": b""}),
        *(("delivery", codec.delivery_columns(leg)) for leg in one.deliveries),
        *(("recall", codec.recall_columns(recall)) for recall in recalls),
    ]
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "axisd.adapters.ledger:migrations")
        config.set_main_option("path_separator", "newline")
        command.upgrade(config, "0006")
        for table, row in rows:
            known = {k: v for k, v in row.items() if k not in NEW_IN_0009}
            names, values = ", ".join(known), ", ".join(f":{name}" for name in known)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), known)
    engine.dispose()
    upgraded = await open_ledger(folder)
    kept = (await upgraded.timeline("D1")).recalls
    await upgraded.close()
    assert sorted(kept, key=lambda r: r.delivery_id) == recalls


async def test_a_reader_refuses_a_file_without_tables(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with pytest.raises(ConfigError, match="version none"):
        await open_reader(tmp_path)


async def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ledger"

    def broken(config: Config, _revision: str) -> None:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE half (id)")
        raise OSError("disk gone")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.command.upgrade", broken)
        with pytest.raises(TransientError, match="disk gone"):
            await open_ledger(folder)
    ledger = await open_ledger(folder)
    await commit(ledger, case().change)
    await ledger.close()
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "half" not in names
