"""The queue and what a worker runs.

``upscaler.tasks.huey`` is made on first use, for Huey's own consumer::

huey_consumer upscaler.tasks.huey
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "huey":
        raise AttributeError(name)
    # Only the consumer asks for this; a web process enqueues through ``queue.HueyQueue``.
    from upscaler.tasks.worker import build_worker_huey  # noqa: PLC0415

    huey = build_worker_huey()
    globals()[name] = huey
    return huey
