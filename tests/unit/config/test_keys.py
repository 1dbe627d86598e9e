from __future__ import annotations

from pathlib import Path

from config import derived_keys, keys, load, secret_keys


def test_it_makes_a_key_once_and_keeps_it_private(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)

    (first,) = secret_keys(config)

    assert len(first) >= 32
    assert secret_keys(config) == (first,)
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_keys_of_the_settings_are_taken_and_none_is_written(tmp_path: Path) -> None:
    newest, older = "k" * 40, "o" * 40
    config = load({"DATA_DIR": str(tmp_path), "SECRET_KEY": f"{newest} {older}"}, env_file=None)

    assert secret_keys(config) == (newest, older)
    assert list(tmp_path.iterdir()) == []


def test_each_purpose_has_keys_of_its_own_in_the_same_order(tmp_path: Path) -> None:
    def derived(key: str, purpose: str) -> tuple[str, ...]:
        return derived_keys(load({"DATA_DIR": str(tmp_path), "SECRET_KEY": key}, env_file=None), purpose)

    purposes = (keys.SESSIONS, keys.LINKS, keys.TOKENS, keys.NAMES)
    both = {purpose: derived("n" * 40 + " " + "o" * 40, purpose) for purpose in purposes}

    assert len({key for found in both.values() for key in found}) == 2 * len(purposes)
    for purpose, found in both.items():
        assert found == (*derived("n" * 40, purpose), *derived("o" * 40, purpose))
