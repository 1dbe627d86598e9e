"""The MNN backend by itself; ``test_agreement`` compares it with OpenVINO on every model."""

from __future__ import annotations

import importlib.util
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from tests.support.mnn import needs_mnn
from tests.support.small_models import write_ncnn, write_onnx
from upscaler.engine.backends import mnn, mnn_agreement, stream_memory
from upscaler.engine.backends.mnn import MnnBackend
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import MODELS
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
from upscaler.engine.model_zoo.ncnn_graph import GraphError
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineUnavailable

PLANES = np.linspace(0, 1, 3 * 8 * 10, dtype=np.float32).reshape(1, 3, 8, 10)


@pytest.fixture
def backend(tmp_path: Path) -> MnnBackend:
    return MnnBackend(EngineSettings(threads=2, cache_dir=str(tmp_path / "cache")))


def added(folder: Path, kind: str, output_range: str = UNIT) -> CustomModel:
    """Return the small model whose files lie in the folder."""
    digests = {name: sha256_of(folder / name) for name in FILES[kind]}
    findings = Findings(2, 3, "x", "y", output_range=output_range)
    return Manifest("mine", kind, digests, "", findings).model(folder)


@needs_mnn
def test_it_runs_on_this_processor_and_passes_the_self_test(backend: MnnBackend) -> None:
    assert backend.probe() is None
    described = backend.describe()
    assert (described["engine"], described["precision"], described["gpu"]) == ("mnn", "fp32", False)
    assert described["version"]

    self_test(backend.load(MODELS[backend.test_model]), backend.precision)


def test_without_its_wheel_it_does_not_run(backend: MnnBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    assert backend.probe() == "MNN is not installed"


@needs_mnn
def test_a_library_that_does_not_start_is_a_reason(
    backend: MnnBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(mnn, "library", fail)

    assert backend.probe() == "MNN does not start: libgomp.so.1: cannot open shared object file"


@pytest.mark.parametrize(
    ("threads", "gigabytes", "large", "small"),
    [(1, 6, 1, 1), (2, 6, 2, 2), (64, 6, 4, 4), (8, 2, 1, 4), (8, 1, 1, 4), (2, 0.5, 1, 1)],
)
def test_each_thread_has_a_window_as_far_as_memory_goes(
    monkeypatch: pytest.MonkeyPatch, threads: int, gigabytes: float, large: int, small: int
) -> None:
    monkeypatch.setattr(stream_memory, "memory_bytes", lambda: 64 * 10**9)
    backend = MnnBackend(EngineSettings(threads=threads, memory_bytes=int(gigabytes * 1e9)))
    x4plus, photo = MODELS["realesrgan-x4plus"], MODELS["waifu2x-upconv7-photo"]

    assert backend.streams_for([x4plus]) == backend.streams_for([photo, x4plus]) == large
    assert backend.streams_for([photo]) == small
    for model, streams in ((x4plus, large), (photo, small)):
        taken = backend.window_side(model) ** 2 * backend.bytes_per_pixel[model.architecture] * streams
        assert taken <= max(0.8 * gigabytes * 1e9, 30e6)
    assert set(backend.bytes_per_pixel) == {model.architecture for model in MODELS.values()} | {"custom"}


@pytest.mark.parametrize(("threads", "gigabytes", "holds"), [(2, 6, True), (4, 6, False), (2, 3, False)])
def test_it_knows_whether_it_holds_two_large_models(
    monkeypatch: pytest.MonkeyPatch, threads: int, gigabytes: int, holds: bool
) -> None:
    monkeypatch.setattr(stream_memory, "memory_bytes", lambda: 64 * 10**9)
    backend = MnnBackend(EngineSettings(threads=threads, memory_bytes=gigabytes * 10**9))

    assert backend.holds(MODELS[name] for name in ("realesrgan-x4plus", "realesrgan-x4plus-fitted")) == holds


@needs_mnn
def test_with_little_memory_it_computes_the_same(
    backend: MnnBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MODELS["waifu2x-upconv7-photo"]
    window = np.ascontiguousarray(data.astronaut()[170:220, 200:260])
    expected = backend.load(model).run(window)

    monkeypatch.setattr(stream_memory, "memory_bytes", lambda: 4 * 10**8)
    small = MnnBackend(backend.settings)

    assert np.abs(small.load(model).run(window) - expected).max() < 0.1


@needs_mnn
def test_several_threads_run_one_model_at_once(backend: MnnBackend) -> None:
    loaded = backend.load(MODELS["waifu2x-upconv7-photo"])
    windows = [np.ascontiguousarray(data.astronaut()[top : top + 60, 100:190]) for top in range(0, 240, 40)]
    expected = [loaded.run(window) for window in windows]
    begin = threading.Barrier(3, timeout=60)

    def run(number: int) -> list[np.ndarray]:
        begin.wait()
        return [loaded.run(window) for window in windows[number::3]]

    with ThreadPoolExecutor(3) as threads:
        for number, results in enumerate(threads.map(run, range(3))):
            for result, known in zip(results, expected[number::3], strict=True):
                np.testing.assert_array_equal(result, known)


@needs_mnn
@pytest.mark.parametrize("height", [20, 36, 37, 70])
def test_last_layers_give_the_same_strip_by_strip(
    backend: MnnBackend, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = backend.load(MODELS["realesrgan-x4plus-anime"])
    window = np.ascontiguousarray(data.astronaut()[170 : 170 + height, 200:232])

    strips = loaded.run(window)
    monkeypatch.setattr(mnn, "_STRIP_ROWS", height)

    assert np.abs(strips - loaded.run(window)).max() < 0.01


@needs_mnn
def test_an_image_is_the_same_on_one_stream_and_on_several(backend: MnnBackend) -> None:
    image = np.ascontiguousarray(data.astronaut()[:150, :190])
    recipe = Recipe("photo", ("waifu2x-upconv7-photo",))
    results = []
    for threads in (1, 2):
        settings = EngineSettings("mnn", threads, 64, cache_dir=backend.settings.cache_dir)
        out = np.zeros((300, 380, 3), np.uint8)
        run = Upscaler(settings).upscale(image, recipe, out)
        assert run.backend.name == "mnn"
        results.append(out.astype(int))

    # Windows of another size, whose sums are formed in another order.
    assert np.abs(results[0] - results[1]).max() <= 1


@needs_mnn
def test_a_request_in_a_pause_changes_nothing(backend: MnnBackend) -> None:
    image = np.ascontiguousarray(data.astronaut()[:150, :190])
    recipe = Recipe("photo", ("waifu2x-upconv7-photo",))
    upscaler = Upscaler(EngineSettings("mnn", 2, 64, cache_dir=backend.settings.cache_dir))
    expected = np.zeros((300, 380, 3), np.uint8)
    upscaler.upscale(image, recipe, expected)
    urgent: list[np.ndarray] = []

    def pause() -> bool:
        if len(urgent) < 3:
            urgent.append(np.zeros((80, 80, 3), np.uint8))
            upscaler.upscale(image[:40, :40], recipe, urgent[-1])
        return False

    out = np.zeros_like(expected)
    upscaler.upscale(image, recipe, out, should_stop=pause)

    np.testing.assert_array_equal(out, expected)
    assert len(urgent) == 3
    assert urgent[0].any()
    np.testing.assert_array_equal(urgent[0], urgent[2])


@needs_mnn
@pytest.mark.parametrize(("output_range", "factor"), [(UNIT, 255), (LEVELS, 1)])
@pytest.mark.parametrize("kind", [ONNX, NCNN])
def test_a_custom_model_gives_levels(
    backend: MnnBackend, tmp_path: Path, kind: str, output_range: str, factor: int
) -> None:
    if kind == ONNX:
        write_onnx(tmp_path / "model.onnx", 2)
    else:
        write_ncnn(tmp_path, 2, stem="model")

    result = backend.runner(added(tmp_path, kind, output_range))(PLANES)

    assert result.shape == (1, 3, 16, 20)
    inner = PLANES[..., 1:-1, 1:-1].repeat(2, axis=2).repeat(2, axis=3) * factor
    np.testing.assert_allclose(result[..., 2:-2, 2:-2], inner, atol=1e-4 * factor)


@needs_mnn
def test_a_custom_model_is_compared_once_and_refused_where_it_differs(
    backend: MnnBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = added(write_onnx(tmp_path / "model.onnx", 2).parent, ONNX)
    monkeypatch.setattr(mnn_agreement, "_TOLERATED_LEVELS", 0.0)
    with pytest.raises(GraphError, match="something else"):
        backend.load(model)
    monkeypatch.undo()
    backend.load(model)

    monkeypatch.setattr(mnn, "check_agreement", lambda *_: pytest.fail("compared again"))
    backend.load(model)


@needs_mnn
def test_another_backend_takes_a_custom_model_that_mnn_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = added(write_onnx(tmp_path / "model.onnx", 2).parent, ONNX)
    monkeypatch.setattr(mnn_agreement, "_TOLERATED_LEVELS", 0.0)
    upscaler = Upscaler(EngineSettings(engine="mnn", threads=1, cache_dir=str(tmp_path / "cache")))
    recipe = Recipe("mine", ("mine",), custom=(model,))
    out = np.zeros((40, 60, 3), np.uint8)

    run = upscaler.suited_to(recipe, deep=False).upscale(np.full((20, 30, 3), 90, np.uint8), recipe, out)

    assert run.backend.name == "openvino"
    assert abs(int(out[20, 30, 0]) - 90) <= 1


@needs_mnn
def test_a_custom_model_that_is_not_the_examined_one_is_not_run(backend: MnnBackend, tmp_path: Path) -> None:
    model = added(write_onnx(tmp_path / "model.onnx", 2).parent, ONNX)
    write_onnx(tmp_path / "model.onnx", 2, bias=0.5)

    with pytest.raises(EngineUnavailable, match="mine"):
        backend.load(model)
