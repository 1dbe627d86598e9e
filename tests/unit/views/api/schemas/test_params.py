from __future__ import annotations

from typing import Any

import pytest

from tests.support.strict_schemas import misfits
from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.views.api.schemas.params import ParamsSchema, PreviewParamsSchema

ALL: dict[str, Any] = {
    "factor": "fit",
    "preset": "art",
    "denoise": "high",
    "output_format": "webp",
    "quality": 80,
    "sharpen": "low",
    "detail": 0,
    "refine_faces": True,
    "match_colours": False,
    "keep_metadata": "all",
    "target_width": 1,
    "target_height": 1_000_000,
}


@pytest.mark.parametrize(
    "options",
    [
        UpscaleOptions("8x"),
        UpscaleOptions(**ALL),
        UpscaleOptions(**{**ALL, "detail": None, "model": "realesrgan-x4plus"}),
    ],
    ids=["defaults", "all", "model"],
)
def test_options_in_force_fit_and_can_be_read_again(options: UpscaleOptions) -> None:
    params = options.as_dict()

    assert misfits(ParamsSchema(), params) == []
    assert UpscaleOptions.from_mapping(params) == options


def test_every_option_is_there() -> None:
    assert set(ALL) | {"model"} == set(ParamsSchema().fields) == set(OPTIONS)


@pytest.mark.parametrize(
    "change",
    [
        {"factor": "9x"},
        {"quality": 101},
        {"refine_faces": "true"},
        {"model": "No Name"},
        {"callback_url": "x"},
    ],
    ids=str,
)
def test_what_is_no_option_does_not_fit(change: dict[str, Any]) -> None:
    assert len(misfits(ParamsSchema(), {**UpscaleOptions("2x").as_dict(), **change})) == 1


@pytest.mark.parametrize(
    "change", [{"factor": "fit"}, {"output_format": "png"}, {"target_width": 10}], ids=str
)
def test_a_preview_has_no_options_of_files_and_sizes(change: dict[str, Any]) -> None:
    params = {name: ALL[name] for name in ("denoise", "sharpen", "detail", "refine_faces", "match_colours")}

    assert misfits(PreviewParamsSchema(), {**params, "factor": "4x"}) == []
    assert len(misfits(PreviewParamsSchema(), {**params, **change})) == 1
