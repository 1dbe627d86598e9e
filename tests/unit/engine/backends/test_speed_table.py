from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from upscaler.engine.backends import speed_table
from upscaler.engine.backends.speed_table import Speed, SpeedTable
from upscaler.engine.devices.processor import Processor
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

PHOTO, CLEANED = MODELS["waifu2x-upconv7-photo"], MODELS["waifu2x-upconv7-photo-n1"]
CUNET = MODELS["waifu2x-cunet"]
FAST = Speed("mnn", "fp32", "a processor", 2, 200_000.0)
SLOW = Speed("openvino", "fp32", "a processor", 1, 100_000.0)


def _table(folder: Path, **machine: Any) -> SpeedTable:
    return SpeedTable(str(folder), machine)


def test_speeds_outlive_the_process(tmp_path: Path) -> None:
    _table(tmp_path).record(PHOTO, [FAST, SLOW])

    assert _table(tmp_path).ranking(PHOTO) == (FAST, SLOW)
    assert _table(tmp_path).knows(PHOTO)


def test_without_a_folder_they_are_known_to_this_process_only() -> None:
    table = SpeedTable("", {})
    table.record(PHOTO, [FAST])

    assert table.ranking(PHOTO) == (FAST,)
    assert SpeedTable("", {}).ranking(PHOTO) == ()


def test_another_machine_has_other_speeds(tmp_path: Path) -> None:
    _table(tmp_path, threads=2).record(PHOTO, [FAST])

    assert _table(tmp_path, threads=4).ranking(PHOTO) == ()
    assert _table(tmp_path, threads=2).ranking(PHOTO) == (FAST,)


def test_other_weights_are_measured_again_and_as_fast_until_then(tmp_path: Path) -> None:
    table = _table(tmp_path)
    table.record(PHOTO, [FAST])
    changed = replace(PHOTO, bin_sha256="0" * 64)

    assert not table.knows(changed)
    assert table.ranking(changed) == table.ranking(CLEANED) == (FAST,)
    assert table.ranking(replace(PHOTO, param_sha256="0" * 64)) == ()


def test_processes_do_not_lose_what_the_others_measured(tmp_path: Path) -> None:
    one, other = _table(tmp_path), _table(tmp_path)
    one.record(PHOTO, [FAST])
    other.record(CUNET, [SLOW])

    both = _table(tmp_path)
    assert (both.ranking(PHOTO), both.ranking(CUNET)) == ((FAST,), (SLOW,))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"models": {"a b c": [{}]}}',
        json.dumps({"models": {"a b c": [{**FAST.as_dict(), "pixels_per_second": 0}]}}).encode(),
        b'{"models": {"a b c": 7}}',
    ],
    ids=["empty", "binary", "list", "fields", "zero", "number"],
)
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    _table(tmp_path).record(PHOTO, [FAST])
    [path] = (tmp_path / "speeds").iterdir()
    path.write_bytes(damage)

    table = _table(tmp_path)
    assert table.ranking(PHOTO) == ()
    table.record(PHOTO, [SLOW])

    assert _table(tmp_path).ranking(PHOTO) == (SLOW,)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "speeds").write_text("a file")
    table = _table(tmp_path)

    table.record(PHOTO, [FAST])

    assert table.ranking(PHOTO) == (FAST,)


def test_the_best_that_is_not_in_quarantine_is_shown(tmp_path: Path) -> None:
    table = _table(tmp_path)
    table.record(PHOTO, [FAST, SLOW])

    assert table.by_name(lambda _: False)[CLEANED.name] == FAST.as_dict()
    assert table.by_name(lambda device: device == FAST.key)[PHOTO.name] == SLOW.as_dict()
    assert table.by_name(lambda _: True) == {}
    assert CUNET.name not in table.by_name(lambda _: False)
    assert json.loads(json.dumps(FAST.as_dict()))["pixels_per_second"] == 200_000


def _renewed(tmp_path: Path, settings: EngineSettings) -> bool:
    return not SpeedTable.of(replace(settings, cache_dir=str(tmp_path))).knows(PHOTO)


def test_they_are_renewed_with_whatever_they_depend_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = EngineSettings(threads=2, cache_dir=str(tmp_path))
    SpeedTable.of(settings).record(PHOTO, [FAST])

    assert not _renewed(tmp_path, settings)
    assert _renewed(tmp_path, replace(settings, threads=3))
    assert _renewed(tmp_path, replace(settings, memory_bytes=10**9))
    with monkeypatch.context() as changed:
        changed.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
        assert _renewed(tmp_path, settings)
    with monkeypatch.context() as changed:
        changed.setattr(speed_table, "processor", lambda: Processor("another", frozenset()))
        assert _renewed(tmp_path, settings)
    with monkeypatch.context() as changed:
        changed.setattr(speed_table.importlib.metadata, "version", lambda name: f"99.{len(name)}")
        assert _renewed(tmp_path, settings)
    assert not _renewed(tmp_path, settings)
