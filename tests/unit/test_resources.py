"""Names of shipped files become paths, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from axisd import resources


def test_a_schema_of_the_checkout_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "receipt-1.0.xsd").write_text("<schema/>")
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "axisd")
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)
    assert resources.schema_path("receipt-1.0.xsd") == tmp_path / "schemas" / "receipt-1.0.xsd"


def test_the_installed_copy_comes_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("axisd/_config", "config"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "axisd.yaml").write_text("")
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "axisd")
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)
    assert resources.config_path("axisd.yaml") == tmp_path / "axisd" / "_config" / "axisd.yaml"


def test_a_file_that_ships_nowhere_is_refused_naming_where_it_was_sought() -> None:
    with pytest.raises(FileNotFoundError, match=r"schemas/no-such\.xsd does not ship"):
        resources.schema_path("no-such.xsd")


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/hostname", "a/../../b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name inside"):
        resources.schema_path(name)
