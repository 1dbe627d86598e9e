"""Several inspectors, so that one slow file holds up nobody else, and a bounded number of files that wait for them."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from upscaler.engine.imaging.inspection import Cutting, InspectionLimits
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.process.inspector import Inspector
from upscaler.engine.settings import available_threads
from upscaler.errors import ServiceBusy

_FEWEST, _MOST = 2, 4
_WAITING_PER_INSPECTOR = 8
_WAIT_SECONDS = 20.0


def inspectors_for(folder: Path) -> list[Inspector]:
    """Return inspectors of the files in a folder: one for each processor, two to four."""
    return [Inspector(folder) for _ in range(min(_MOST, max(_FEWEST, available_threads())))]


class InspectorPool:
    """Inspectors that threads share. Their processes start on first use.

    Args:
        inspectors: the members; see ``inspectors_for``.
        waiting: how many files may wait for one of them; None for eight for each.
        wait_seconds: how long.
    """

    def __init__(
        self,
        inspectors: list[Inspector],
        *,
        waiting: int | None = None,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> None:
        if waiting is None:
            waiting = _WAITING_PER_INSPECTOR * len(inspectors)
        self._members = inspectors
        self._wait_seconds = wait_seconds
        # The one that was used last comes first, so that few processes are started where few are needed.
        self._free: queue.LifoQueue[Inspector] = queue.LifoQueue()
        for inspector in reversed(inspectors):
            self._free.put(inspector)
        self._places = threading.BoundedSemaphore(len(inspectors) + waiting)

    def inspect(
        self,
        path: Path,
        limits: InspectionLimits,
        filename: str | None = None,
        cutting: Cutting | None = None,
    ) -> ImageInfo:
        """Check a file as ``Inspector.inspect`` does.

        Raises:
            ServiceBusy: too many files wait already, or none was free in time.
            UpscalerError: as ``Inspector.inspect`` does.

        """
        if not self._places.acquire(blocking=False):
            raise ServiceBusy
        try:
            inspector = self._free.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise ServiceBusy from None
        else:
            try:
                return inspector.inspect(path, limits, filename, cutting)
            finally:
                self._free.put(inspector)
        finally:
            self._places.release()

    def close(self) -> None:
        """End all processes. A later call starts others."""
        for inspector in self._members:
            inspector.close()
