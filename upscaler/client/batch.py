"""A batch as the client sees it."""

from __future__ import annotations

from typing import Any

from upscaler.client.state import State


class Batch(State):
    """The state of a batch."""

    @property
    def items(self) -> list[dict[str, Any]]:
        """Each file, with ``filename``, ``status``, ``job_id``, ``error``, and links as a job has them."""
        return list(self.data["items"])
