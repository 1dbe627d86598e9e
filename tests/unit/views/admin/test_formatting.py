"""Sizes in the console, in the language of the page."""

import pytest
from flask import Flask
from flask_babel import force_locale

from upscaler.views.admin.formatting import size_text


@pytest.mark.parametrize(
    ("size", "english", "arabic"),
    [
        (None, "\N{EN DASH}", "\N{EN DASH}"),
        (4_700, "4.7 kB", "4.7 كيلوبايت"),
        (15_300_000, "15.3 MB", "15.3 ميغابايت"),
    ],
)
def test_sizes_are_written_in_the_language_of_the_page(
    site: Flask, size: int | None, english: str, arabic: str
) -> None:
    with force_locale("en"):
        assert size_text(size) == english
    with force_locale("ar"):
        assert size_text(size) == arabic
