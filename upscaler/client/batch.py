"""A batch as the client sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_GOING_ON = frozenset({"queued", "running"})


@dataclass(frozen=True)
class Batch:
    """The state of a batch in a response of the service.

    ``data`` holds the whole response, as ``docs/api.md`` lists it.
    """

    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the batch; knowing it grants access."""
        return str(self.data["id"])

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``completed``, ``partly_failed``, ``failed`` or ``canceled``."""
        return str(self.data["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in _GOING_ON

    @property
    def completed(self) -> bool:
        """Whether there is a result of every image."""
        return self.status == "completed"

    @property
    def progress(self) -> int:
        """Percent of the work that is done."""
        return int(self.data["progress"])

    @property
    def items(self) -> list[dict[str, Any]]:
        """Each file, with ``filename``, ``status``, ``job_id``, ``error``, and links as a job has them."""
        return list(self.data["items"])

    @property
    def result_url(self) -> str | None:
        """A signed link to a ZIP file of the results, good for a day by default; None before the first result."""
        return self.data["result_file"]
