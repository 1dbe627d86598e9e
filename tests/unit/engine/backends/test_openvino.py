"""The OpenVINO backend by itself; ``test_agreement`` compares it with ncnn, layer by layer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.backends import openvino
from upscaler.engine.backends.base import Window
from upscaler.engine.backends.openvino import REGISTRATION, OpenVinoBackend
from upscaler.engine.backends.windows import run_window, to_levels
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.custom_model import (
    FILES,
    LEVELS,
    NCNN,
    ONNX,
    UNIT,
    CustomModel,
    Findings,
    Manifest,
)
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineCanceled, EngineUnavailable

SETTINGS = EngineSettings(threads=1)
PLANES = np.linspace(0, 1, 3 * 8 * 10, dtype=np.float32).reshape(1, 3, 8, 10)


def _window(model: Model) -> Window:
    """Return a small, uneven part of a photograph with fine detail."""
    side = max(24, model.minimum_side)
    return np.ascontiguousarray(data.astronaut()[170 : 170 + side, 200 : 208 + side])


def with_processor(precision: str | None = None, **properties: Any) -> OpenVinoBackend:
    """Return a backend on a processor with the named properties; it computes nothing."""
    backend = OpenVinoBackend(SETTINGS, precision)
    backend.__dict__["_core"] = SimpleNamespace(get_property=lambda _device, name: properties[name])
    return backend


def added(folder: Path, kind: str, output_range: str = UNIT) -> CustomModel:
    """Return the small model whose files lie in the folder."""
    digests = {name: sha256_of(folder / name) for name in FILES[kind]}
    findings = Findings(2, 3, "x", "y", output_range=output_range)
    return Manifest("mine", kind, digests, "", findings).model(folder)


@pytest.mark.parametrize(
    "name", ["realesrgan-x4plus", "realesr-animevideov3-x4", "waifu2x-upconv7-photo", "waifu2x-cunet"]
)
def test_bfloat16_stays_close_to_float32(name: str) -> None:
    # A processor without bfloat16 takes float32 in its place.
    backend = OpenVinoBackend(SETTINGS, "bf16")
    model = MODELS[name]
    window = _window(model)

    half = to_levels(run_window(backend.load(model), window)).astype(float)
    full = to_levels(run_window(OpenVinoBackend(SETTINGS, "fp32").load(model), window)).astype(float)

    # 46 dB at worst on whole photographs; this is one small and busy window.
    assert 10 * np.log10(255**2 / max(np.mean((half - full) ** 2), 1e-9)) > 40


@pytest.mark.parametrize("rows", [1, 7, 16])
def test_last_layers_give_the_same_strip_by_strip(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS["realesrgan-x4plus-anime"]
    loaded = OpenVinoBackend(SETTINGS, "fp32").load(model)
    window = _window(model)
    whole = loaded.run(window)

    monkeypatch.setattr(openvino, "_STRIP_ROWS", rows)

    # Which rows come together decides in which order sums are formed, and nothing else.
    assert np.abs(loaded.run(window) - whole).max() < 0.01
    # The check can fail: one row less around a strip is too little.
    monkeypatch.setattr(openvino, "_STRIP_MARGIN", 0)
    assert np.abs(loaded.run(window) - whole).max() > 1


def test_another_run_in_a_pause_changes_nothing() -> None:
    model = MODELS["realesrgan-x4plus-anime"]
    loaded = OpenVinoBackend(SETTINGS, "fp32").load(model)
    window = np.ascontiguousarray(data.astronaut()[100:196, 150:260])
    whole = loaded.run(window)
    pauses = []

    def pause() -> None:
        if len(pauses) < 3:
            pauses.append(loaded.run(255 - window[:24, :24]))

    np.testing.assert_array_equal(loaded.run_pausing(window, pause), whole)
    assert len(pauses) == 3
    np.testing.assert_array_equal(pauses[0], pauses[2])


def test_a_run_ends_in_a_pause_that_raises() -> None:
    model = MODELS["realesrgan-x4plus-anime"]
    loaded = OpenVinoBackend(SETTINGS, "fp32").load(model)
    window = np.ascontiguousarray(data.astronaut()[100:196, 150:260])
    whole = loaded.run(window)

    def stop() -> None:
        raise EngineCanceled

    with pytest.raises(EngineCanceled):
        run_window(loaded, window, stop)
    np.testing.assert_array_equal(loaded.run(window), whole)


def test_a_model_upscales_what_it_is_given() -> None:
    model = MODELS["waifu2x-upconv7-photo"]
    window = np.ascontiguousarray(data.coffee()[100:160, 200:280])

    result = to_levels(run_window(OpenVinoBackend(SETTINGS).load(model), window))

    inner = window[7:-7, 7:-7]
    lanczos = np.asarray(Image.fromarray(inner).resize((132, 92), Image.Resampling.LANCZOS), float)
    assert 10 * np.log10(255**2 / np.mean((result - lanczos) ** 2)) > 26


def test_it_runs_on_this_processor_and_names_it() -> None:
    backend = OpenVinoBackend(SETTINGS, "fp32")

    assert backend.probe() is None
    described = backend.describe()
    assert (described["engine"], described["precision"], described["gpu"]) == ("openvino", "fp32", False)
    assert described["device"] == described["device"].strip() != ""
    assert described["version"]


def test_without_its_wheel_it_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    assert OpenVinoBackend(SETTINGS).probe() == "openvino is not installed"


def test_a_library_that_does_not_start_is_a_reason() -> None:
    def fail(_device: str, _name: str) -> None:
        raise RuntimeError("no plugin")

    backend = OpenVinoBackend(SETTINGS)
    backend.__dict__["_core"] = SimpleNamespace(get_property=fail)

    assert backend.probe() == "openvino does not start: no plugin"


@pytest.mark.parametrize(
    ("precision", "capabilities", "reason"),
    [
        ("bf16", ["FP32"], "the processor does not compute in bfloat16"),
        ("bf16", ["FP32", "BF16"], None),
        ("fp32", ["FP32"], None),
        (None, ["FP32"], None),
    ],
)
def test_a_precision_that_the_processor_lacks_is_a_reason(
    precision: str | None, capabilities: list[str], reason: str | None
) -> None:
    assert with_processor(precision, OPTIMIZATION_CAPABILITIES=capabilities).probe() == reason


def test_behind_the_faster_precision_stands_float32() -> None:
    fastest, last = REGISTRATION.candidates(SETTINGS)
    asked: list[str] = []
    fastest.__dict__["_core"] = SimpleNamespace(get_property=lambda _, name: asked.append(name) or ["FP32"])
    last.__dict__["_core"] = None

    assert last.precision == "fp32", "without a measurement"
    assert fastest.precision == "fp32", "where the processor has no other"
    assert asked == ["OPTIMIZATION_CAPABILITIES"]


def test_windows_are_smaller_in_float32_which_takes_more_memory() -> None:
    half, full = with_processor("bf16"), with_processor("fp32")

    assert set(half.bytes_per_pixel) == {model.architecture for model in MODELS.values()} | {"custom"}
    assert all(half.bytes_per_pixel[kind] < full.bytes_per_pixel[kind] for kind in half.bytes_per_pixel)


@pytest.mark.parametrize(("output_range", "factor"), [(UNIT, 255), (LEVELS, 1)])
@pytest.mark.parametrize("kind", [ONNX, NCNN])
def test_a_custom_model_gives_levels_and_keeps_earlier_results(
    tmp_path: Path, kind: str, output_range: str, factor: int
) -> None:
    if kind == ONNX:
        write_onnx(tmp_path / "model.onnx", 2)
    else:
        write_ncnn(tmp_path, 2, stem="model")
    run = OpenVinoBackend(SETTINGS, "fp32").runner(added(tmp_path, kind, output_range))

    first = run(PLANES)
    kept = first.copy()
    run(1 - PLANES)

    assert first.shape == (1, 3, 16, 20)
    np.testing.assert_array_equal(first, kept)
    # The model repeats each value in a block of four; at the border its blur is darker.
    inner = PLANES[..., 1:-1, 1:-1].repeat(2, axis=2).repeat(2, axis=3) * factor
    np.testing.assert_allclose(first[..., 2:-2, 2:-2], inner, atol=1e-4 * factor)


def test_a_custom_model_that_is_not_the_examined_one_is_not_run(tmp_path: Path) -> None:
    model = added(write_onnx(tmp_path / "model.onnx", 2).parent, ONNX)
    write_onnx(tmp_path / "model.onnx", 2, bias=0.5)

    with pytest.raises(EngineUnavailable, match="mine"):
        OpenVinoBackend(SETTINGS, "fp32").load(model)
