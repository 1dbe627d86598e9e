"""A new backend: a module with ``from_settings``, and a row in the registry."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from config import Config, ConfigError, load
from upscaler.services.files.storages import build_storage
from upscaler.storage import LocalStorage
from upscaler.storage.registry import BACKENDS


@pytest.fixture
def attic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend ``attic``, registered for the test."""
    module = ModuleType("attic")

    def from_settings(settings: Config, role: str) -> LocalStorage:
        return LocalStorage(settings.data_dir / "attic" / role)

    module.from_settings = from_settings  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "attic", module)
    monkeypatch.setitem(BACKENDS, "attic", "attic")


def test_a_registered_backend_can_be_chosen_and_opened(attic: None, tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path), "STORAGE_BACKEND": "attic"}, env_file=None)

    storage = build_storage(config, "web")

    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "attic" / "web"


def test_any_other_name_is_refused_at_the_start_with_the_names_there_are(attic: None) -> None:
    with pytest.raises(ConfigError, match="STORAGE_BACKEND: must be one of local, s3, attic"):
        load({"STORAGE_BACKEND": "cellar"}, env_file=None)
