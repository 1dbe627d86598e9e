"""The waiting room of a web process."""

from __future__ import annotations

from flask import Flask

from upscaler.views.waiting import seats_for, waiting_room


def test_a_process_has_one_room_with_four_seats_for_each_thread(app: Flask) -> None:
    with app.app_context():
        assert waiting_room() is waiting_room()
    assert seats_for(app.extensions["config"].web_threads) == 32
