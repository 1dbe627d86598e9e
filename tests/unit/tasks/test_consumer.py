from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.storage import StorageSettingsError
from upscaler.tasks import consumer

pytestmark = pytest.mark.usefixtures("_logging_as_before")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_setting_that_cannot_be_used_ends_it_with_one_line_and_touches_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE", "magic")

    with pytest.raises(SystemExit) as ended:
        consumer.main()

    assert str(ended.value.code).startswith("The worker cannot start: ENGINE: must be one of")
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("number", "name"),
    [("0", "worker.log"), ("1", "worker.log"), ("2", "worker-2.log"), ("13", "worker-13.log")],
)
def test_each_worker_of_a_host_has_a_log_of_its_own(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, number: str, name: str
) -> None:
    def refuse(*_: object) -> None:
        raise StorageSettingsError("there is no bucket")

    monkeypatch.setenv("WORKER_NUMBER", number)
    # A storage that cannot work ends it once the log is there.
    monkeypatch.setattr("upscaler.services.registry.build_storage", refuse)

    with pytest.raises(SystemExit) as ended:
        consumer.main()

    assert ended.value.code == "The worker cannot start: there is no bucket"
    assert [path.name for path in (data_dir / "logs").iterdir()] == [name]
