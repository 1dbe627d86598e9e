from __future__ import annotations

import pytest

from upscaler.engine.imaging.formats import format_named
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch


@pytest.mark.parametrize(
    ("name", "quality", "reported"),
    [("png", None, None), ("jpeg", None, format_named("jpeg").default_quality), ("jpeg", 61, 61)],
)
def test_the_output_is_described_as_it_was_written(lanczos, save, colours, tmp_path, name, quality, reported):
    target = tmp_path / "target"
    options = UpscaleOptions("2x", output_format=name, quality=quality)

    result = upscale_file(
        save("a.png", colours(6, 4)), target, None, options, Engine(lanczos), scratch=Scratch(tmp_path)
    )

    output = result.receipt["output"]
    assert output.get("quality") == reported
    assert (output["width"], output["height"]) == (result.width, result.height) == (12, 8)
    assert (output["format"], output["mime_type"]) == (name, result.mime_type)
    assert output["size_bytes"] == result.size_bytes == target.stat().st_size
    assert output["sha256"] == result.sha256 == sha256_of(target)
    assert "faces" not in result.receipt
    assert [attempt["engine"] for attempt in result.receipt["attempts"]] == ["lanczos"]
