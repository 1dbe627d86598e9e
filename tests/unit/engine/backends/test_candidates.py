from __future__ import annotations

import sys
from types import ModuleType

import pytest

from upscaler.engine.backends import candidates, registry
from upscaler.engine.backends.base import Registration
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.devices.processor import Processor
from upscaler.engine.model_zoo.custom_model import NCNN, ONNX
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

SETTINGS = EngineSettings(threads=1)


def test_auto_prefers_a_graphics_device_and_never_takes_lanczos_or_the_wrapper() -> None:
    names = [(backend.name, type(backend).__name__) for backend in candidates_for(SETTINGS)]

    assert names[0] == ("ncnn", "NcnnVulkanBackend")
    assert [name for name, _ in names].index("openvino") < names.index(("ncnn", "NcnnCpuBackend"))
    assert {"lanczos", "realesrgan-ncnn-py"}.isdisjoint(name for name, _ in names)


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ({"avx2"}, "mnn"),
        ({"avx2", "avx512f"}, "openvino"),
        ({"avx2", "avx512f", "amx_bf16"}, "openvino"),
        ({"asimd"}, "openvino"),
    ],
    ids=["avx2", "avx512", "amx", "arm"],
)
def test_until_speeds_are_measured_the_processor_decides(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], name: str
) -> None:
    monkeypatch.setattr(candidates, "processor", lambda: Processor("a processor", frozenset(flags)))

    first = next(backend for backend in candidates_for(SETTINGS) if backend.on_processor)

    assert first.name == name


@pytest.mark.parametrize("engine", ["openvino", "mnn", "lanczos", "realesrgan-ncnn-py"])
def test_a_named_engine_is_the_only_candidate(engine: str) -> None:
    names = {backend.name for backend in candidates_for(EngineSettings(engine=engine))}

    assert names == {engine}


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="magic"):
        candidates_for(EngineSettings(engine="magic"))


@pytest.mark.parametrize(
    ("engine", "kind", "expected"),
    [
        ("auto", ONNX, ["OpenVinoBackend"] * 2 + ["MnnBackend"]),
        (
            "auto",
            NCNN,
            ["NcnnVulkanBackend"] * 2 + ["OpenVinoBackend"] * 2 + ["NcnnCpuBackend", "MnnBackend"],
        ),
        ("ncnn", ONNX, ["OpenVinoBackend"] * 2 + ["MnnBackend"]),
        ("ncnn", NCNN, ["NcnnVulkanBackend"] * 2 + ["NcnnCpuBackend"]),
        ("openvino", ONNX, ["OpenVinoBackend"] * 2),
        ("openvino", NCNN, ["OpenVinoBackend"] * 2 + ["NcnnCpuBackend", "MnnBackend"]),
        ("mnn", ONNX, ["MnnBackend"] + ["OpenVinoBackend"] * 2),
        ("mnn", NCNN, ["MnnBackend"] + ["OpenVinoBackend"] * 2 + ["NcnnCpuBackend"]),
        ("realesrgan-ncnn-py", ONNX, ["OpenVinoBackend"] * 2 + ["MnnBackend"]),
        ("realesrgan-ncnn-py", NCNN, ["OpenVinoBackend"] * 2 + ["NcnnCpuBackend", "MnnBackend"]),
        ("lanczos", ONNX, ["LanczosBackend"]),
        ("lanczos", NCNN, ["LanczosBackend"]),
    ],
)
def test_others_stand_in_for_an_engine_that_does_not_read_a_custom_model(
    engine: str, kind: str, expected: list[str]
) -> None:
    found = candidates_for(EngineSettings(engine=engine, threads=1), kind=kind)

    assert [type(backend).__name__ for backend in found] == expected


def test_a_backend_needs_its_module_and_its_row_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class SlideRule(LanczosBackend):
        name = "slide-rule"

    module = ModuleType("slide_rule")
    module.REGISTRATION = Registration(lambda settings: [SlideRule(settings)], automatic=True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slide_rule", module)
    monkeypatch.setitem(registry.BACKENDS, "slide-rule", "slide_rule")
    monkeypatch.setattr(candidates, "ENGINE_NAMES", ("auto", *registry.BACKENDS))

    assert [one.name for one in candidates_for(EngineSettings(engine="slide-rule"))] == ["slide-rule"]
    assert candidates_for(SETTINGS)[-1].name == "slide-rule"
    assert "slide-rule" not in {one.name for one in candidates_for(SETTINGS, kind=ONNX)}
