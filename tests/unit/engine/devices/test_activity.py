from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from upscaler.engine.devices import activity
from upscaler.engine.devices.activity import Use, in_use, listen
from upscaler.engine.devices.quarantine import Device

CARD = Device("ncnn", "a card", "fp16")
PROCESSOR = Device("openvino", "a processor", "fp32")


@pytest.fixture
def heard() -> Iterator[list[Use | None]]:
    """Return the list of what a listener hears; it is removed after the test."""
    uses: list[Use | None] = []
    before = list(activity._listeners)
    listen(uses.append)
    yield uses
    activity._listeners[:] = before


def test_a_use_goes_through_json_unchanged() -> None:
    use = Use(*CARD, ("a", "b"), testing=True)

    assert Use.from_dict(json.loads(json.dumps(use.as_dict()))) == use
    assert use.key == CARD


def test_work_in_the_pause_of_other_work_is_reported_and_then_the_other_again(
    heard: list[Use | None],
) -> None:
    outer, inner = Use(*CARD, ("a",), testing=False), Use(*PROCESSOR, ("b",), testing=True)

    with in_use(CARD, ["a"], testing=False), in_use(PROCESSOR, ["b"], testing=True):
        assert heard == [outer, inner]

    assert heard == [outer, inner, outer, None]


def test_work_that_fails_ends(heard: list[Use | None]) -> None:
    with pytest.raises(RuntimeError, match="device lost"), in_use(CARD, [], testing=True):
        raise RuntimeError("device lost")

    assert heard[-1] is None
    assert len(heard) == 2
