from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from upscaler.engine.devices.memory import memory_bytes


@pytest.mark.parametrize(("text", "limits"), [("max\n", False), ("50000000\n", True), (f"{2**62}\n", False)])
def test_the_limit_of_a_container_counts_where_there_is_one(tmp_path: Path, text: str, limits: bool) -> None:
    (tmp_path / "memory.max").write_text(text)

    found = memory_bytes((tmp_path / "memory.max", tmp_path / "absent"))

    assert found == (50_000_000 if limits else psutil.virtual_memory().total)


def test_this_machine_has_some() -> None:
    assert 0 < memory_bytes() <= psutil.virtual_memory().total
