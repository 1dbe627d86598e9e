from __future__ import annotations

from pathlib import Path

from config import load, secret_key


def test_it_makes_a_key_once_and_keeps_it_private(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)

    first = secret_key(config)

    assert len(first) >= 32
    assert secret_key(config) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_key_of_the_settings_is_taken_and_none_is_written(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 40}, env_file=None)

    assert secret_key(config) == "k" * 40
    assert list(tmp_path.iterdir()) == []
