"""Inspect uploaded files in a child process, so that a hostile one can only harm that child."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict
from pathlib import Path

from upscaler.engine.imaging.inspection import Cutting, InspectionLimits
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.process.cage.enter import Confinement
from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.protocol import Message, error_from_message
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess
from upscaler.errors import DamagedImage, ServiceBusy, ServiceUnavailable, TooComplexImage

logger = logging.getLogger(__name__)

# Each thread takes address space, which is limited, and there would be one for each processor; one file is checked at
# a time.
_ONE_THREAD = {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1"}
_START_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
# The signal that the kernel sends at the limit of processor time.
_OUT_OF_TIME = "SIGXCPU"


class Inspector:
    """A warm child that runs ``inspection.inspect_image``. Threads may share it: they take turns.

    It starts on first use, so create it before or after a fork, but use it only after.

    Args:
        folder: the files to check lie in it, and crops are written there; the child may open no others.
        timeout_seconds: for one file.
        memory_bytes: address space of the child.
    """

    def __init__(self, folder: Path, *, timeout_seconds: float = 30.0, memory_bytes: int = 2 << 30) -> None:
        self._folder = folder
        self._timeout_seconds = timeout_seconds
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        child = self._child
        return child.pid if child is not None and child.running else None

    def inspect(
        self,
        path: Path,
        limits: InspectionLimits,
        filename: str | None = None,
        cutting: Cutting | None = None,
    ) -> ImageInfo:
        """Check a file, return its properties, and cut a crop out of it where one is wanted.

        Raises:
            EmptyFile, UnsupportedImage, TooManyPixels, SeveralImages, DamagedImage, CropOutside:
                as ``inspect_image`` does; ``DamagedImage`` also when the child crashed over it.
            TooComplexImage: as there, or it took too much processor time.
            ServiceBusy: it took too long without that, as the machine has other work.
            ServiceUnavailable: the child cannot be started.

        """
        request = {
            "path": str(path.resolve()),
            "limits": asdict(limits),
            "filename": filename,
            "cut": cutting and {"crop": asdict(cutting.crop), "target": str(cutting.target.resolve())},
        }
        with self._lock:
            child = self._running_child()
            try:
                child.send(request)
                answer = child.receive(self._timeout_seconds)
            except ChildDiedError as death:
                logger.warning("inspector_died", extra={"reason": death.reason, "log_tail": child.log_tail})
                self._discard()
                raise TooComplexImage if death.reason == _OUT_OF_TIME else DamagedImage from death
            except BaseException:
                # The late answer must not be taken for that of the next request.
                self._discard()
                raise
            if answer is None:
                logger.warning("inspector_timed_out", extra={"seconds": self._timeout_seconds})
                self._discard()
                raise ServiceBusy
        if "error" in answer:
            raise error_from_message(answer["error"])
        return ImageInfo(**answer["result"])

    def confinement(self) -> Confinement:
        """Return what holds of the child's cage on this machine; starts the child.

        Raises:
            ServiceUnavailable: it cannot be started.

        """
        with self._lock:
            return Confinement(**self._running_child().cage)

    def close(self) -> None:
        """End the child. A later call starts another one."""
        with self._lock:
            if self._child is not None:
                self._child.end(_CLOSE_SECONDS)
                self._child = None

    def _running_child(self) -> ChildProcess:
        child = self._child
        if child is not None and child.running and child.is_confined_to_its_folders:
            return child
        self._discard()
        folder = str(self._folder.resolve())
        self._child = ChildProcess(
            "upscaler.engine.process.inspector_child",
            [str(self._memory_bytes)],
            cage=Cage(writes=(folder,)),
            environment={**_ONE_THREAD, "TMPDIR": folder},
        )
        if not _is_ready(self._child):
            logger.error("inspector_not_started", extra={"log_tail": self._child.log_tail})
            self._discard()
            raise ServiceUnavailable
        return self._child

    def _discard(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


def _is_ready(child: ChildProcess) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    message: Message | None = None
    try:
        while message is None and time.monotonic() < deadline:
            message = child.receive(deadline - time.monotonic())
    except ChildDiedError:
        return False
    return message is not None and "ready" in message
