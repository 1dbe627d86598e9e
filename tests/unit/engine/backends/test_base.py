from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from upscaler.engine.backends.base import Registration, image_of, planes_of
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings

MODEL = MODELS["waifu2x-upconv7-photo"]


def test_planes_are_fractions_with_the_models_maps_behind_them() -> None:
    window = np.array([[[0, 51, 255], [255, 0, 102]]], np.uint8)

    planes = planes_of(window, replace(MODEL, maps=(0.25, 7.0)))

    assert (planes.shape, planes.dtype) == ((5, 1, 2), np.float32)
    np.testing.assert_allclose(planes[:3, 0], [[0, 1], [0.2, 0], [1, 0.4]], rtol=1e-6)
    np.testing.assert_array_equal(planes[3:, 0], [[0.25, 0.25], [7, 7]])


def test_differences_are_added_to_the_enlarged_input_without_its_border() -> None:
    window = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    planes = np.zeros((3, 4, 6), np.float32)
    planes[0, 1, 2] = -7.5

    plain = image_of(planes, window, replace(MODEL, scale=2, border=1))
    added = image_of(planes, window, replace(MODEL, scale=2, border=1, gives_differences=True))

    np.testing.assert_array_equal(plain, planes.transpose(1, 2, 0))
    np.testing.assert_array_equal(added - plain, window[1:3, 1:4].repeat(2, axis=0).repeat(2, axis=1))
    assert added.flags.c_contiguous


@pytest.mark.parametrize(
    ("budget", "minimum", "maximum", "side"),
    [
        (300 * 100**2, 10, 0, 100),
        (300 * 100**2 - 1, 10, 0, 99),
        (10**12, 10, 0, LanczosBackend.largest_window),
        (300 * 100**2, 10, 64, 64),
        (300 * 5**2, 10, 0, 10),
    ],
    ids=["budget", "below", "largest", "fixed", "smallest"],
)
def test_a_window_stays_within_the_budget(budget: int, minimum: int, maximum: int, side: int) -> None:
    backend = LanczosBackend(EngineSettings(threads=1))
    backend.memory_budget = budget

    assert backend.window_side(replace(MODEL, minimum_side=minimum, maximum_side=maximum)) == side


def test_a_window_goes_through_all_models_and_their_stand_ins() -> None:
    backend = LanczosBackend(EngineSettings(threads=1))
    backend.memory_budget = 300 * 400**2
    span = MODELS["span-x4"]

    assert backend.side_through((MODEL,)) == 400
    assert backend.side_through((MODEL, MODEL)) == 200
    # The stand-in is the first model, twice.
    assert backend.side_through((span,)) == 200
    assert backend.side_through((MODEL, span)) == 100


def test_a_backend_that_knows_some_layers_only_does_not_read_all() -> None:
    registration = Registration(
        lambda _: [], custom_kinds=frozenset({"onnx", "ncnn"}), partial_kinds=frozenset({"ncnn"})
    )

    kinds = ("", "onnx", "ncnn", "zip")
    assert [registration.reads(kind) for kind in kinds] == [True, True, True, False]
    assert [registration.reads_all(kind) for kind in kinds] == [True, True, False, False]
