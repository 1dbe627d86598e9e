"""The backends that the operator's settings allow, best first."""

from __future__ import annotations

from collections.abc import Collection

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.registry import AUTO, BACKENDS, ENGINE_NAMES, registration_of
from upscaler.engine.devices.processor import processor
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable


def candidates_for(settings: EngineSettings, *, precise: bool = False, kind: str = "") -> list[Backend]:
    """Return the backends that ``settings.engine`` allows, best first.

    A backend that fails is followed by another precision of its device, then by other devices, and by processors
    last.

    Args:
        settings: of the engine.
        precise: leaves out those that compute in less than float32, where the engine has others: bfloat16 and half
            floats give 8 to 11 bits.
        kind: that of a custom model, or "" for those of the catalogue. Not every backend reads each kind, so others
            stand in for one that was named.

    Raises:
        EngineUnavailable: there is no backend of that name.

    """
    if settings.engine not in ENGINE_NAMES:
        raise EngineUnavailable(reason=f'"{settings.engine}" is not one of {", ".join(ENGINE_NAMES)}')
    chosen = _automatic(settings, kind) if settings.engine == AUTO else _named(settings, kind)
    return [backend for backend in chosen if not precise or backend.precision == "fp32"] or chosen


def _automatic(settings: EngineSettings, kind: str) -> list[Backend]:
    """Return the candidates of all automatic backends that read the kind: graphics devices before processors.

    Among the processors' the likeliest to be fastest for models of the catalogue comes first.
    """
    registrations = [registration_of(name) for name in BACKENDS]
    found = [
        backend
        for registration in registrations
        if registration.automatic and registration.reads(kind)
        for backend in registration.candidates(settings)
    ]
    first = "" if kind else likeliest(processor().flags)
    return sorted(
        found, key=lambda backend: (backend.on_processor, backend.on_processor and backend.name != first)
    )


def likeliest(flags: Collection[str]) -> str:
    """Return the name of the backend that is most often the fastest on processors with these instructions.

    OpenVINO uses bfloat16 and the wide registers of AVX-512 best. With AVX2 alone MNN took half its time, or less.
    """
    return "mnn" if "avx2" in flags and "avx512f" not in flags else "openvino"


def _named(settings: EngineSettings, kind: str) -> list[Backend]:
    """Return the candidates of the backend that was named, and processors behind it for what it does not read."""
    registration = registration_of(settings.engine)
    own = registration.candidates(settings) if registration.reads(kind) else []
    if registration.reads_all(kind):
        return own
    others = (backend for backend in _automatic(settings, kind) if backend.on_processor)
    return [*own, *(backend for backend in others if backend.name != settings.engine)]
