from __future__ import annotations

import pytest

from upscaler.engine.devices.failures import is_out_of_memory, reason_of
from upscaler.errors import OutputRejected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("VK_ERROR_OUT_OF_DEVICE_MEMORY"), True),
        (RuntimeError("Failed to ALLOCATE 12 bytes"), True),
        (RuntimeError("device lost"), False),
        (ValueError("out of memory"), False),
        (OSError("cannot allocate"), False),
    ],
    ids=repr,
)
def test_a_lack_of_memory_is_distinguished_from_other_failures(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("device lost"), "small: device lost"),
        (MemoryError(), "small: MemoryError"),
        (OutputRejected(reason="not finite"), "small: not finite"),
    ],
    ids=repr,
)
def test_the_reason_names_the_model_and_what_happened(error: BaseException, reason: str) -> None:
    assert reason_of(error, "small") == reason
