from __future__ import annotations

import numpy as np
import pytest

from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import LoadedModel, Result
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.selection import Selection
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch, ScratchPixels
from upscaler.engine.tiling.upscaler import Upscaler


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


class FailingBackend(LanczosBackend):
    """A backend that fails from the moment on that ``fails`` is set."""

    name = "failing"
    fails = False

    def load(self, model: Model) -> LoadedModel:
        return SpoiltModel(super().load(model), self._fail)

    def _fail(self, result: Result) -> Result:
        if self.fails:
            raise RuntimeError("device lost")
        return result


def test_each_stage_names_what_ran_it_where_a_backend_failed_in_between(save, colours, tmp_path):
    settings = EngineSettings(threads=1)
    failing = FailingBackend(settings)
    upscaler = Upscaler(settings, Selection(settings, [failing, LanczosBackend(settings)]))

    class SecondStage(Scratch):
        def tiles(self, name: str, *shape: object) -> ScratchPixels:
            failing.fails = name == "colour-1"
            return super().tiles(name, *shape)

    image = np.dstack([colours(30, 20), colours(30, 20)[..., 0]])
    options = UpscaleOptions("8x", "photo")

    receipt = upscale_file(
        save("a.png", image),
        tmp_path / "target",
        None,
        options,
        Engine(upscaler),
        scratch=SecondStage(tmp_path),
    ).receipt

    ran = [(stage["part"], stage["engine"], stage["models"]) for stage in receipt["stages"]]
    assert ran == [
        ("alpha", "failing", []),
        ("alpha", "failing", []),
        ("colour", "failing", []),
        ("colour", "lanczos", []),
    ]
    assert (receipt["model"], receipt["models"]) == ("failing + lanczos", [])
    assert receipt["backend"]["engine"] == "failing", "the first stage is the one that adds detail"
    *failed, first, second = receipt["attempts"]
    assert {(one["engine"], one["reason"] is None) for one in failed} == {("failing", False)}
    assert [(one["engine"], one["reason"]) for one in (first, second)] == [
        ("failing", None),
        ("lanczos", None),
    ]


def test_the_models_that_ran_are_listed_with_those_of_the_transparency(upscaler, save, colours, tmp_path):
    image = np.dstack([colours(30, 20), colours(30, 20)[..., 0]])
    options = UpscaleOptions("2x", "art", detail=0)

    receipt = upscale_file(
        save("a.png", image), tmp_path / "target", None, options, Engine(upscaler), scratch=Scratch(tmp_path)
    ).receipt

    assert receipt["model"] == "waifu2x-cunet"
    assert {model["name"] for model in receipt["models"]} == {"waifu2x-cunet", "waifu2x-upconv7-photo"}
    assert {stage["engine"] for stage in receipt["stages"]} == {receipt["backend"]["engine"]}
