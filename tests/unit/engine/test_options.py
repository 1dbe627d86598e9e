from __future__ import annotations

import pytest

from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.errors import (
    InvalidParameter,
    MissingParameter,
    TargetOutOfRange,
    UnknownParameter,
    UpscalerError,
)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"factor": "3x"}, (300, 150)),
        ({"factor": "8x"}, (800, 400)),
        ({"target_width": 250}, (250, 125)),
        ({"target_height": 399}, (798, 399)),
        ({"target_width": 400, "target_height": 151}, (302, 151)),
        ({"target_width": 100}, (100, 50)),
        ({"target_width": 800}, (800, 400)),
    ],
)
def test_the_size_of_a_result_follows_from_the_choices(given, size):
    assert UpscaleOptions.from_mapping(given).result_size(100, 50) == size


@pytest.mark.parametrize("target", [99, 801])
def test_a_target_must_lie_within_the_factors(target):
    with pytest.raises(TargetOutOfRange):
        UpscaleOptions("fit", target_width=target).result_size(100, 50)


def test_an_operator_may_offer_less():
    with pytest.raises(InvalidParameter, match="2x, 4x"):
        UpscaleOptions("3x").result_size(10, 10, ("2x", "4x"))
    with pytest.raises(TargetOutOfRange, match="1 and 4 times"):
        UpscaleOptions("fit", target_width=50).result_size(10, 10, ("2x", "4x"))


@pytest.mark.parametrize(
    "given",
    [
        {"factor": "5x"},
        {"factor": "fit"},
        {"factor": "2x", "target_width": 100},
        {"factor": "2x", "quality": 0},
        {"factor": "2x", "quality": True},
        {"factor": "2x", "quality": "80"},
        {"factor": "2x", "detail": 101},
        {"factor": "2x", "sharpen": "very"},
        {"factor": "2x", "keep_metadata": "some"},
        {"factor": "2x", "keep_metadata": True},
        {"target_width": 0},
        {"target_height": 10**7},
        {"target_width": 1.5},
        {"factor": "2x", "output_format": "gif"},
        {"factor": "2x", "preset": []},
        {"factor": "2x", "refine_faces": 1},
        {"factor": "2x", "model": "../etc"},
        {"factor": "2x", "model": "realesrgan-x4plus", "detail": 5},
    ],
)
def test_invalid_values_are_refused(given):
    with pytest.raises(InvalidParameter):
        UpscaleOptions.from_mapping(given)


def test_a_factor_is_needed_and_the_factors_are_named():
    with pytest.raises(MissingParameter, match='"factor"'):
        UpscaleOptions.from_mapping({"preset": "photo"})
    with pytest.raises(InvalidParameter) as refused:
        UpscaleOptions.from_mapping({"factor": "5x"})
    # "fit" alone would be refused as well.
    assert refused.value.detail.endswith("Use one of: 2x, 3x, 4x, 8x.")


def faults(error: UpscalerError) -> list[tuple[str | None, str]]:
    return [(found.parameter, found.code) for found in (error, *error.related)]


def test_every_bad_value_is_named() -> None:
    with pytest.raises(InvalidParameter) as refused:
        UpscaleOptions("5x", preset="blue", quality=0, model="realesrgan-x4plus", detail=5)
    assert faults(refused.value) == [
        (name, "invalid_parameter") for name in ("factor", "preset", "quality", "detail")
    ]
    with pytest.raises(UnknownParameter) as unknown:
        UpscaleOptions.from_mapping({"zoom": 2, "colour": "red", "quality": 101})
    assert faults(unknown.value) == [
        ("colour", "unknown_parameter"),
        ("zoom", "unknown_parameter"),
        ("factor", "missing_parameter"),
        ("quality", "invalid_parameter"),
    ]


def test_what_was_left_open_is_not_stored_and_the_rest_comes_back():
    options = UpscaleOptions("2x", quality=80)
    assert "detail" not in options.as_dict()
    assert UpscaleOptions.from_mapping(options.as_dict()) == options


def test_a_new_factor_ends_an_old_target_and_the_other_way_round():
    fitted = UpscaleOptions("fit", target_width=500, sharpen="low")
    assert fitted.changed({"factor": "4x"}) == UpscaleOptions("4x", sharpen="low")
    assert UpscaleOptions("4x").changed({"target_height": 90}) == UpscaleOptions("fit", target_height=90)
    assert fitted.changed({"factor": "fit", "denoise": "low"}).target_width == 500


def test_a_new_preset_ends_an_old_model_and_a_new_model_an_old_detail():
    named = UpscaleOptions("4x", model="realesrgan-x4plus")
    assert named.changed({"preset": "art"}) == UpscaleOptions("4x", "art")
    assert UpscaleOptions("4x", detail=50).changed({"model": "mine"}) == UpscaleOptions("4x", model="mine")


def test_null_stands_for_the_default():
    assert UpscaleOptions("2x", quality=5).changed({"quality": None}) == UpscaleOptions("2x")
    assert UpscaleOptions("2x", denoise="high").changed({"denoise": None}) == UpscaleOptions("2x")
    both = UpscaleOptions("fit", target_width=50, target_height=60)
    assert both.changed({"target_width": None}) == UpscaleOptions("fit", target_height=60)
    assert UpscaleOptions("2x").changed({"target_width": None}) == UpscaleOptions("2x")
    with pytest.raises(MissingParameter):
        UpscaleOptions("2x").changed({"factor": None})


def test_each_row_knows_its_name_and_default():
    assert all(name == option.name for name, option in OPTIONS.items())
    assert [name for name, option in OPTIONS.items() if option.required] == ["factor"]
    defaults = {name: option.default for name, option in OPTIONS.items() if not option.optional}
    assert UpscaleOptions("2x").as_dict() == {**defaults, "factor": "2x"}
