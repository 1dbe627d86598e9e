from __future__ import annotations

from pathlib import Path

import pytest

from config.sources import ROOT, ConfigError, example_password, example_settings, variables


def test_the_environment_is_laid_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9000\nHOST=0.0.0.0\nEMPTY\n")

    assert variables({"PORT": "9001"}, env_file) == {"PORT": "9001", "HOST": "0.0.0.0", "EMPTY": ""}


def test_without_an_environment_it_reads_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_SOURCE", "process")

    assert variables(None, None)["UPSCALER_SOURCE"] == "process"
    assert variables({}, None) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_is_read_in_the_encoding_that_it_declares(tmp_path: Path, encoding: str, newline: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(newline.join(("PORT=9000", "ADMIN_SEED_USER=zoë", "")).encode(encoding))

    assert variables({}, env_file) == {"PORT": "9000", "ADMIN_SEED_USER": "zoë"}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
def test_a_file_in_an_unknown_encoding_is_refused_in_one_sentence(tmp_path: Path, encoding: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes("ADMIN_SEED_USER=zoë\n".encode(encoding))

    with pytest.raises(ConfigError) as raised:
        variables({}, env_file)

    assert str(raised.value) == f"{env_file} is not a text in UTF-8; save it in that encoding"


def test_a_file_that_was_cut_within_a_character_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("PORT=9000".encode("utf-16")[:-1])

    with pytest.raises(ConfigError, match="not a text in UTF-8"):
        variables({}, tmp_path / ".env")


def test_no_file_and_a_folder_in_its_place_hold_no_settings(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert [variables({}, tmp_path / name) for name in ("folder", "missing", "folder/missing")] == [{}] * 3


def test_the_password_of_the_example_is_the_one_in_the_file() -> None:
    assert example_password()
    assert f"ADMIN_SEED_PASS={example_password()}" in (ROOT / ".env.example").read_text()
    assert example_settings()["ADMIN_SEED_PASS"] == example_password()
