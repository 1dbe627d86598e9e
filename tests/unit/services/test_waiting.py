"""A waiting room: so many seats, and no waiting for one."""

from __future__ import annotations

from upscaler.services.waiting import WaitingRoom


def test_who_comes_when_all_seats_are_taken_is_told_at_once() -> None:
    room = WaitingRoom(2)
    with room.seat() as first, room.seat() as second, room.seat() as third:
        assert (first, second, third) == (True, True, False)
    with room.seat() as again:
        assert again
