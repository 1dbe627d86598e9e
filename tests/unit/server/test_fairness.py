"""Turns between those whose requests wait."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from upscaler.server.fairness import FairQueue


@dataclass(frozen=True)
class Waiting:
    group: str
    number: int


def test_groups_take_turns_and_keep_their_own_order() -> None:
    queue = FairQueue()
    assert not queue
    for one in ["a1", "a2", "a3", "b1", "c1", "a4", "b2"]:
        queue.append(Waiting(one[0], int(one[1])))
    assert len(queue) == 7
    order = [queue.popleft() for _ in range(4)]
    queue.append(Waiting("d", 1))
    order += [queue.popleft() for _ in range(len(queue))]
    assert [f"{one.group}{one.number}" for one in order] == ["a1", "b1", "c1", "a2", "b2", "a3", "d1", "a4"]
    with pytest.raises(KeyError):
        queue.popleft()
