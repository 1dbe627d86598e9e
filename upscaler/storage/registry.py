"""The storage backends, each in a module of its own, under the names that ``STORAGE_BACKEND`` takes.

To add one: a module with a function ``from_settings``, and its row in ``BACKENDS``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal, cast

from upscaler.storage.base import Storage

Role = Literal["web", "worker"]

# A backend's module is imported when it is chosen: its library may be large, and nothing else needs it.
BACKENDS = {"local": "upscaler.storage.local", "s3": "upscaler.storage.s3"}


def open_storage(name: str, settings: Any, role: Role) -> Storage:
    """Open the storage that is registered as ``name``.

    ``settings`` has the attributes that the backend's ``from_settings`` names. A web process gives up on a silent
    storage sooner than a worker does, because a visitor waits for it.
    """
    return cast(Storage, import_module(BACKENDS[name]).from_settings(settings, role))
