"""Progress of one upscaled image: a share of the whole that only rises, whatever part reports it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from upscaler.engine.model_zoo.recipes import Recipe

Shares = tuple[float, float]


class Progress:
    """The progress of one upscaled image, for one listener."""

    def __init__(self, listener: Callable[[float], None]) -> None:
        self._listener = listener
        self._reported = -1.0

    def report(self, share: float) -> None:
        """Report a share of the whole, 0 to 1; one that is not larger than the last is dropped."""
        if share > self._reported:
            self._reported = share
            self._listener(share)

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
