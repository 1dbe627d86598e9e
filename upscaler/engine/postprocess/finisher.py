"""Finishing: from the models' output to a file, by blocks of rows, while the models still work on the rows below.

Tones are corrected, the result is checked, and rows go to the encoder as soon as nothing above or beside them can
change any more. Only one block of rows is in memory at a time; the raw upscaled image lives in a scratch file.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from upscaler.engine.imaging.image import Pixels
from upscaler.engine.postprocess.colour_match import ToneGrid
from upscaler.engine.postprocess.output_check import OutputCheck, OutputReport
from upscaler.engine.postprocess.row_filters import Sink
from upscaler.errors import EngineCanceled

# Pixels of the result that are worked on at once: about 100 MB of working memory.
_BLOCK_PIXELS = 4_000_000
# How often a caller that waits hears that the work goes on.
_WAITING_SECONDS = 0.5


class Overlay(Protocol):
    """Pixels to be laid on an upscaled image before it is finished, such as refined faces."""

    def laid_on(self, top: int, rows: Pixels) -> Pixels:
        """Return rows of the upscaled image, the first of which is row ``top``, with the overlay on them."""


@dataclass(frozen=True)
class ResultParts:
    """The parts of a result.

    Attributes:
        source: uint8 or uint16 (H, W, channels), the input; one channel for a gray image.
        raw: (H * scale, W * scale, channels), the models' output; all parts are of one type.
        scale: output side per input side.
        alpha: (H * scale, W * scale) or None, the upscaled transparency.
        source_alpha: (H, W) or None, its source.
        gray_as_rgb: whether a gray image is to be written with three equal channels.
        overlay: laid on ``raw`` when its rows are read, or None; ``raw`` itself stays the models' output.
        match_colours: whether the tones of the source are kept.

    """

    source: Pixels
    raw: Pixels
    scale: int
    alpha: Pixels | None
    source_alpha: Pixels | None
    gray_as_rgb: bool
    overlay: Overlay | None = None
    match_colours: bool = True

    @property
    def channels(self) -> int:
        """Channels of the file, transparency included."""
        colour = 3 if self.gray_as_rgb else self.raw.shape[2]
        return colour + (self.alpha is not None)

    def rows(self, top: int, bottom: int) -> Pixels:
        """Return rows of ``raw`` with the overlay on them."""
        rows = self.raw[top:bottom]
        return rows if self.overlay is None else self.overlay.laid_on(top, rows)


@dataclass
class Finished:
    """Outcome of a finished image: the figures of the check, and the seconds that each step took."""

    report: OutputReport
    seconds: dict[str, float] = field(default_factory=dict)


class Finisher:
    """Follows the models from the top to the bottom in a thread of its own.

    Args:
        parts: of the result.
        open_writer: opens the sink of the rows, such as a file; it is called once for each start.
        on_rows: called with the share of rows that went to the encoder.
    """

    def __init__(
        self,
        parts: ResultParts,
        open_writer: Callable[[], Sink],
        on_rows: Callable[[float], None],
    ) -> None:
        self._parts = parts
        self._open_writer = open_writer
        self._on_rows = on_rows
        self._run: _Run | None = None

    def rows_ready(self, count: int) -> None:
        """Record that the models are done with that many rows of the source; 0 starts from the top.

        Raises:
            Exception: the error that ended the thread, such as a full disk.

        """
        if count == 0:
            self.abort()
            self._run = _Run(self._parts, self._open_writer(), self._on_rows)
        elif self._run is not None:
            self._run.rows_ready(count)

    def result(self, while_waiting: Callable[[], None] = lambda: None) -> Finished:
        """Wait until the file is whole and return the outcome; meanwhile ``while_waiting`` is called now and then.

        Raises:
            OutputRejected: the check found the result to be wrong; no file is left.

        """
        assert self._run is not None, "the models have not begun"  # noqa: S101 - a defect of the caller
        return self._run.result(while_waiting)

    def abort(self) -> None:
        """End the thread and leave no file. Safe to call at any time."""
        if self._run is not None:
            self._run.abort()
            self._run = None


class _Run(threading.Thread):
    """One run through the rows."""

    def __init__(self, parts: ResultParts, writer: Sink, on_rows: Callable[[float], None]) -> None:
        super().__init__(name="finish", daemon=True)
        self._parts = parts
        self._writer = writer
        self._on_rows = on_rows
        height, width, channels = parts.source.shape
        self._tones = ToneGrid(height, width, channels, parts.scale)
        self._check = OutputCheck(parts.source, parts.scale, parts.source_alpha)
        self._step = max(1, _BLOCK_PIXELS // (width * parts.scale))
        self._ready = 0
        self._aborted = False
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._finished: Finished | None = None
        self._seconds = dict.fromkeys(("tones", "check", "encode"), 0.0)
        self.start()

    def rows_ready(self, count: int) -> None:
        with self._changed:
            if self._error is not None:
                raise self._error
            self._ready = count
            self._changed.notify()

    def result(self, while_waiting: Callable[[], None]) -> Finished:
        while self.is_alive():
            self.join(_WAITING_SECONDS)
            while_waiting()
        if self._error is not None:
            raise self._error
        assert self._finished is not None, "it ended without an error"  # noqa: S101 - a defect of this class
        return self._finished

    def abort(self) -> None:
        with self._changed:
            self._aborted = True
            self._changed.notify()
        self.join()

    def run(self) -> None:
        try:
            self._follow()
            with self._timed("check"):
                report = self._check.report()
            with self._timed("encode"):
                self._writer.close()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self._writer.abort()
            with self._changed:
                self._error = error
        else:
            self._finished = Finished(report, self._seconds)

    def _follow(self) -> None:
        parts, done = self._parts, 0
        total = parts.raw.shape[0]
        for rows in self._arriving():
            with self._timed("tones"):
                upscaled = parts.rows(rows.start * parts.scale, rows.stop * parts.scale)
                self._tones.observe(parts.source[rows], upscaled)
            while done < self._tones.final_rows:
                stop = min(done + self._step, self._tones.final_rows)
                self._finish(done, stop)
                done = stop
                self._on_rows(done / total)

    def _arriving(self) -> Iterator[slice]:
        """Yield slices of rows of the source, a block at a time, as they become ready."""
        height, seen = self._parts.source.shape[0], 0
        step = max(1, self._step // self._parts.scale)
        while seen < height:
            with self._changed:
                self._changed.wait_for(lambda: self._aborted or self._ready > seen)  # noqa: B023 - used at once
                if self._aborted:
                    raise EngineCanceled
                stop = min(self._ready, seen + step)
            yield slice(seen, stop)
            seen = stop

    def _finish(self, top: int, bottom: int) -> None:
        parts = self._parts
        with self._timed("tones"):
            rows = parts.rows(top, bottom)
            if parts.match_colours:
                rows = self._tones.corrected(top, rows)
        with self._timed("check"):
            self._check.add(rows)
        with self._timed("encode"):
            channels = [rows] * 3 if parts.gray_as_rgb else [rows]
            if parts.alpha is not None:
                channels.append(parts.alpha[top:bottom, :, np.newaxis])
            self._writer.write(np.concatenate(channels, axis=2) if len(channels) > 1 else rows)
        for pixels in (parts.raw, parts.alpha):
            if pixels is not None:
                release(pixels, top, bottom)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[step] += time.perf_counter() - start


def release(pixels: Pixels, top: int, bottom: int) -> None:
    """Release the memory of rows of a memory map; their content stays in its file."""
    mapped = getattr(pixels, "_mmap", None)
    if mapped is None or not hasattr(mmap, "MADV_DONTNEED"):
        return
    row_bytes = pixels[0].nbytes
    start = -(-top * row_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
    stop = bottom * row_bytes // mmap.PAGESIZE * mmap.PAGESIZE
    if stop > start:
        with suppress(OSError):
            mapped.madvise(mmap.MADV_DONTNEED, start, stop - start)
