from __future__ import annotations

import platform
from pathlib import Path

import pytest

from upscaler.engine.devices.processor import Processor, processor

INTEL = "model name\t: Intel(R) Xeon(R) CPU\nflags\t\t: fpu avx2 amx_bf16\n\nprocessor : 1\nflags : other\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (INTEL, Processor("Intel(R) Xeon(R) CPU", frozenset({"fpu", "avx2", "amx_bf16"}))),
        (ARM, Processor("0xd0c", frozenset({"fp", "asimd"}))),
    ],
    ids=["intel", "arm"],
)
def test_name_and_instructions_are_read(tmp_path: Path, text: str, expected: Processor) -> None:
    (tmp_path / "cpuinfo").write_text(text)

    assert processor(tmp_path / "cpuinfo") == expected


def test_without_a_description_the_kind_is_known(tmp_path: Path) -> None:
    found = processor(tmp_path / "absent")

    assert found.name in (platform.processor(), platform.machine())
    assert found.flags == frozenset()
