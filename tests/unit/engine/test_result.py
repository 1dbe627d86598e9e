from __future__ import annotations

import json
from pathlib import Path

import pytest

from upscaler.engine.result import UpscaleResult, part_path


def test_a_result_goes_through_json_unchanged() -> None:
    result = UpscaleResult({"version": 1}, 4, 3, 99, "image/png", "ab")

    assert UpscaleResult(**json.loads(json.dumps(result.as_dict()))) == result


@pytest.mark.parametrize("name", ["a.png", "a", ".hidden", "a.part"])
def test_a_part_lies_beside_its_target_under_another_name(name: str) -> None:
    target = Path("folder") / name

    assert part_path(target) == Path("folder") / f"{name}.part"
