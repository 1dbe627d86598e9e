from __future__ import annotations

import pytest

from upscaler.engine.backends import stream_memory
from upscaler.engine.backends.stream_memory import Share, available_bytes, share
from upscaler.engine.settings import EngineSettings

GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("available", "weights", "expected"),
    [
        (8 * GIGABYTE, GIGABYTE, Share(4, GIGABYTE)),
        (3 * GIGABYTE, GIGABYTE, Share(2, GIGABYTE // 2)),
        (int(1.2 * GIGABYTE), GIGABYTE, Share(1, GIGABYTE // 5)),
        (GIGABYTE, GIGABYTE, None),
        (-GIGABYTE, 0, None),
    ],
    ids=["roomy", "less", "one", "none", "nothing"],
)
def test_there_are_as_many_streams_as_memory_permits(
    available: int, weights: int, expected: Share | None
) -> None:
    assert share(available, 4, weights=weights, pixel=4000) == expected


def test_the_limit_of_the_process_counts_and_the_memory_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_memory, "memory_bytes", lambda: 4 * GIGABYTE)

    machine, limited, beyond = (
        available_bytes(EngineSettings(memory_bytes=limit)) for limit in (0, 2 * GIGABYTE, 9 * GIGABYTE)
    )

    assert limited < machine == beyond < 4 * GIGABYTE
