"""A node's folder tells a later process everything, and nobody else anything."""

from pathlib import Path

from axisd.simulator.broker_files import Identity, NodeFolder, Running
from axisd.simulator.process import Process


def test_an_empty_folder_has_no_identity_and_runs_nothing(tmp_path: Path) -> None:
    folder = NodeFolder(tmp_path)
    assert folder.identity() is None
    assert folder.running() is None


def test_identity_and_processes_are_read_back_as_written(tmp_path: Path) -> None:
    folder, identity = NodeFolder(tmp_path / "node"), Identity.new()
    running = Running(broker=Process(pid=2, started=20), epmd=Process(pid=1, started=10))
    folder.lay(identity, {})
    folder.started(running)
    assert folder.identity() == identity
    assert folder.running() == running
    folder.stopped()
    assert folder.running() is None
    assert folder.identity() == identity


def test_two_identities_share_neither_name_nor_password() -> None:
    one, other = Identity.new(), Identity.new()
    assert one.name != other.name
    assert one.password != other.password


def test_settings_replace_and_extend_the_configuration(tmp_path: Path) -> None:
    folder = NodeFolder(tmp_path)
    folder.lay(Identity.new(), {"log.file.level": "debug", "max_message_size": "134217728"})
    lines = (tmp_path / "rabbitmq.conf").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("log.file.level")] == [
        "log.file.level = debug"
    ]
    assert "max_message_size = 134217728" in lines


def test_what_holds_the_password_is_the_owners_alone(tmp_path: Path) -> None:
    NodeFolder(tmp_path / "node").lay(Identity.new(), {})
    assert (tmp_path / "node").stat().st_mode & 0o077 == 0
    for name in ("node.json", "rabbitmq.conf"):
        assert (tmp_path / "node" / name).stat().st_mode & 0o077 == 0


def test_nothing_of_the_callers_environment_reaches_the_node(
    tmp_path: Path,
) -> None:
    environment = NodeFolder(tmp_path).environment(Identity.new())
    inherited = {name for name in environment if not name.startswith(("RABBITMQ_", "ERL_"))}
    assert inherited == {"PATH", "HOME", "LC_ALL", "detached"}
    assert environment["HOME"] == str(tmp_path / "home")
