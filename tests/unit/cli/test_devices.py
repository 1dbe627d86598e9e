from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.cli import main
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.speed_table import Speed, SpeedTable
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path


def test_measured_speeds_are_printed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing is there that could be measured.
    monkeypatch.setattr(Selection, "contestants", lambda _: iter(()))
    settings = EngineSettings(engine="lanczos", threads=2, cache_dir=str(data_dir / "cache"))
    SpeedTable.of(settings).record(
        MODELS["waifu2x-cunet"], [Speed("mnn", "fp32", "a processor", 2, 123456.0)]
    )

    assert main(["devices", "--engine", "lanczos", "--threads", "2"]) == 0

    text = capsys.readouterr().out
    assert text.startswith("lanczos ")
    [row] = [line for line in text.splitlines() if line.startswith("waifu2x-cunet ")]
    assert row.split()[1:] == ["mnn", "fp32", "2", "123,456"]


def test_what_stands_in_for_models_is_not_measured(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--engine", "lanczos"]) == 0

    assert "pixels per second" not in capsys.readouterr().out
    assert not (data_dir / "cache" / "speeds").exists()


def test_without_an_engine_the_status_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("upscaler.engine.backends.mnn.MnnBackend.probe", lambda _: "MNN is not installed")

    assert main(["devices", "--engine", "mnn"]) == 1

    assert "MNN is not installed" in capsys.readouterr().err


def test_a_folder_of_that_name_is_still_upscaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "devices").mkdir()

    assert main(["devices"]) == 0
    with pytest.raises(SystemExit) as wrong:
        main(["devices", "--engine", "nothing"])

    assert wrong.value.code == 2
