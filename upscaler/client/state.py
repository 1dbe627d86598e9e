"""What the states of a job and of a batch have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GOING_ON = frozenset({"queued", "running"})


@dataclass(frozen=True)
class State:
    """The state of a job or of a batch in a response of the service.

    ``data`` holds the whole response, as ``docs/api.md`` lists it. That to an upload has only its first fields.
    """

    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The id; knowing it grants access."""
        return str(self.data["id"])

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``completed``, ``failed`` or ``canceled``; of a batch also ``partly_failed``."""
        return str(self.data["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in GOING_ON

    @property
    def completed(self) -> bool:
        """Whether there is a result, of a batch one of every image."""
        return self.status == "completed"

    @property
    def progress(self) -> int:
        """Percent of the work that is done."""
        return int(self.data.get("progress", 0))

    @property
    def result_url(self) -> str | None:
        """A signed link to the result, good for a day by default; None before there is one.

        That of a batch is a ZIP file, of the results so far.
        """
        return self.data.get("result_file")
