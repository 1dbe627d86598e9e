from __future__ import annotations

import pytest

from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.progress import Progress, stage_part

FAST = Recipe("fast", ("waifu2x-upconv7-photo",))


def test_a_share_that_is_not_larger_than_the_last_is_dropped() -> None:
    heard: list[float] = []
    progress = Progress(heard.append)

    for share in (0.0, 0.5, 0.5, 0.2, 0.6):
        progress.report(share)

    assert heard == [0.0, 0.5, 0.6]


def test_a_part_lies_between_two_shares_of_the_whole() -> None:
    heard: list[float] = []
    report = Progress(heard.append).part(0.25, 0.75)

    for done in (0.0, 0.5, 1.0):
        report(done)

    assert heard == [0.25, 0.5, 0.75]


def test_one_stage_takes_all_of_the_span() -> None:
    assert stage_part([FAST], 0, 0.1, 0.9) == pytest.approx((0.1, 0.9))


def test_a_later_stage_takes_more_as_its_input_is_larger() -> None:
    # The second stage reads twice the width and twice the height: four of five parts of the work.
    assert stage_part([FAST, FAST], 0, 0.0, 1.0) == pytest.approx((0.0, 0.2))
    assert stage_part([FAST, FAST], 1, 0.0, 1.0) == pytest.approx((0.2, 1.0))
