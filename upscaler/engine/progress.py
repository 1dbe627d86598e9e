"""Progress of one upscaled image: its step, and a share of the whole that only rises, whatever part reports it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from upscaler.engine.model_zoo.recipes import Recipe

# The steps of a job, in their order; the last one is that of a service, which keeps the result.
DECODING, UPSCALING, ENCODING, STORING = STEPS = ("decoding", "upscaling", "encoding", "storing")

# What is left of a part is closed in on by that share at each call while nothing is known of how far it is.
_CREEP = 0.05

Shares = tuple[float, float]


class Progress:
    """The progress of one upscaled image.

    Args:
        listener: gets the share that is done, 0 to 1.
        on_step: gets the name of each step that begins, of ``STEPS``.
        clock: seconds that only rise.

    """

    def __init__(
        self,
        listener: Callable[[float], None],
        on_step: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._on_step = on_step
        self._clock = clock
        self._lock = threading.Lock()
        self._reported = -1.0
        self._step: str | None = None
        self._began = clock()
        self._seconds: dict[str, float] = {}

    def report(self, share: float) -> None:
        """Report a share of the whole, 0 to 1; one that is not larger than the last is dropped."""
        # The thread that writes the file reports as well.
        with self._lock:
            if share > self._reported:
                self._reported = share
                self._listener(share)

    def creep(self, end: float) -> None:
        """Report a little more, never up to ``end``: work goes on that does not tell how far it is."""
        self.report(self._reported + (end - self._reported) * _CREEP)

    def begin(self, step: str) -> None:
        """Begin a step, and end the one before; a step that began already is left as it is."""
        if step == self._step:
            return
        self._end()
        self._step = step
        if self._on_step is not None:
            self._on_step(step)

    def seconds(self) -> dict[str, float]:
        """Return the seconds that each step has taken so far."""
        self._end()
        return dict(self._seconds)

    def _end(self) -> None:
        now = self._clock()
        if self._step is not None:
            self._seconds[self._step] = self._seconds.get(self._step, 0.0) + now - self._began
        self._began = now

    def part(self, start: float, end: float) -> Callable[[float], None]:
        """Return a listener for a part of the work, which lies between two shares of the whole."""
        return lambda done: self.report(start + (end - start) * done)


def stage_part(stages: Sequence[Recipe], number: int, start: float, end: float) -> Shares:
    """Return the begin and end of stage ``number`` within ``start`` to ``end``, in proportion to the stages' costs."""
    costs, grown = [], 1
    for stage in stages:
        costs.append(stage.seconds_per_megapixel * grown**2)
        grown *= stage.scale
    before, through = (sum(costs[:count]) / sum(costs) for count in (number, number + 1))
    return start + (end - start) * before, start + (end - start) * through
