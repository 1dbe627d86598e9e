"""The waiting room of a web process."""

from __future__ import annotations

from flask import Flask

from upscaler.views.waiting import seats_for, waiting_room


def test_a_process_has_one_room(site_app: Flask) -> None:
    with site_app.app_context():
        assert waiting_room() is waiting_room()
        seats = seats_for(site_app.extensions["config"].web_threads)
    assert seats == 32
