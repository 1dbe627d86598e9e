from __future__ import annotations

import json
import os

import pytest

from upscaler.engine.settings import EngineSettings, available_threads


def test_the_affinity_mask_counts_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 4, 7}, raising=False)

    assert available_threads() == 3
    assert EngineSettings().threads == 3


@pytest.mark.parametrize(("processors", "threads"), [(6, 6), (None, 1)])
def test_all_processors_count_where_there_is_no_mask(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, threads: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)

    assert available_threads() == threads


def test_settings_go_through_json_unchanged() -> None:
    settings = EngineSettings("lanczos", 3, 96, 1, "models")

    assert EngineSettings(**json.loads(json.dumps(settings.as_dict()))) == settings
