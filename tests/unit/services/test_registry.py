from __future__ import annotations

from pathlib import Path

import pytest

from config import derived_keys, keys, load
from upscaler.services.registry import Services
from upscaler.services.worker_registry import WorkerServices
from upscaler.storage import LocalStorage, StorageSettingsError


@pytest.mark.parametrize("kind", [Services, WorkerServices])
def test_a_script_gets_the_part_that_it_asks_for_and_nothing_else_is_made(
    kind: type[Services], tmp_path: Path
) -> None:
    services = kind.from_config(load({"DATA_DIR": str(tmp_path)}, env_file=None))

    assert isinstance(services.storage, LocalStorage)
    assert services.storage is services.storage
    assert {path.name for path in tmp_path.iterdir()} <= {"files"}


def test_without_a_queue_nothing_can_be_enqueued(tmp_path: Path) -> None:
    services = Services.from_config(load({"DATA_DIR": str(tmp_path)}, env_file=None))

    with pytest.raises(RuntimeError, match="no queue"):
        _ = services.submissions


def test_web_and_worker_sign_with_the_same_key(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)

    found = {Services.from_config(config).link_keys, WorkerServices.from_config(config).link_keys}

    assert found == {derived_keys(config, keys.LINKS)}


def test_urls_are_fetched_unless_the_operator_has_turned_it_off(tmp_path: Path) -> None:
    values = {"DATA_DIR": str(tmp_path)}

    assert Services.from_config(load(values, env_file=None)).fetcher is not None
    assert Services.from_config(load({**values, "FETCH_URLS": "off"}, env_file=None)).fetcher is None


def test_a_storage_that_cannot_work_stops_the_start_of_a_web_process(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageSettingsError("no such bucket")

    # The fixture ends with a storage of its own.
    with monkeypatch.context() as patch:
        patch.setattr("upscaler.services.registry.build_storage", refuse)
        with pytest.raises(StorageSettingsError):
            Services.from_config(services.config, queue=services.queue).prepare()
