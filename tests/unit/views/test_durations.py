from __future__ import annotations

import re

import pytest
from flask import Flask
from flask_babel import force_locale

from upscaler.views.durations import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (7200, "120 minutes"),
        (7201, "3 hours"),
        (86_400, "24 hours"),
    ],
)
def test_a_duration_is_rounded_up(site: Flask, seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def test_it_is_in_the_language_of_the_page(site: Flask) -> None:
    with force_locale("ar"):
        assert not re.search("[A-Za-z]", "".join(duration_text(seconds) for seconds in (2, 120, 20_000)))
