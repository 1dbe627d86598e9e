"""A job as the client sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMPLETED = "completed"
ENDED = frozenset({COMPLETED, "failed", "canceled"})


@dataclass(frozen=True)
class Job:
    """The state of a job in a response of the service.

    ``data`` holds the whole response, as ``docs/api.md`` lists it. A new job has only its first fields.
    """

    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the job; knowing it grants access."""
        return str(self.data["id"])

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``completed``, ``failed`` or ``canceled``."""
        return str(self.data["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def completed(self) -> bool:
        """Whether there is a result."""
        return self.status == COMPLETED

    @property
    def progress(self) -> int:
        """Percent of the work that is done."""
        return int(self.data.get("progress", 0))

    @property
    def result_url(self) -> str | None:
        """A signed link to the result, good for a day by default; None before the job is completed."""
        return self.data.get("result_file")

    @property
    def error(self) -> dict[str, str] | None:
        """``code`` and ``detail`` of a failed job."""
        return self.data.get("error")
