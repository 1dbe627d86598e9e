"""The waiting room of a web process: for long polls, repeated requests, and images that are fetched."""

from __future__ import annotations

from flask import current_app

from upscaler.services.waiting import WaitingRoom
from upscaler.views.context import config

# Threads that wait cost little. So many times those that work may wait, in addition to them.
_SEATS_PER_THREAD = 4
_ROOM = "upscaler.waiting"


def seats_for(threads: int) -> int:
    """Return how many requests may wait beside ``threads`` that work."""
    return _SEATS_PER_THREAD * threads


def waiting_room() -> WaitingRoom:
    """Return the room of this process."""
    room: WaitingRoom = current_app.extensions.setdefault(_ROOM, WaitingRoom(seats_for(config().web_threads)))
    return room
