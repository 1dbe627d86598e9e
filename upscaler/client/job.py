"""A job as the client sees it."""

from __future__ import annotations

from upscaler.client.state import State


class Job(State):
    """The state of a job."""

    @property
    def error(self) -> dict[str, str] | None:
        """``code`` and ``detail`` of a failed job."""
        return self.data.get("error")
