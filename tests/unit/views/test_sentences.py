from __future__ import annotations

from flask import Flask
from flask_babel import force_locale

from upscaler.errors import FetchFailed
from upscaler.views.sentences import is_right_to_left, localized

SERVER_RESPONDED = (
    'The server responded "%(status)s" instead of an image. Check the URL, or upload the file instead.'
)


def test_a_value_keeps_its_order_in_right_to_left_text(app: Flask) -> None:
    with app.test_request_context(), force_locale("ar"):
        assert is_right_to_left()
        assert '"\u2068404 Not Found\u2069"' in localized(SERVER_RESPONDED, {"status": "404 Not Found"})


def test_left_to_right_text_has_no_control_characters(app: Flask) -> None:
    with app.test_request_context():
        assert not is_right_to_left()
        assert '"404 Not Found"' in localized(SERVER_RESPONDED, {"status": "404 Not Found"})


def test_a_sentence_without_values_is_translated(app: Flask) -> None:
    with app.test_request_context(), force_locale("ar"):
        assert localized(FetchFailed.message, None) != FetchFailed.message


def test_no_sentence_gives_none(app: Flask) -> None:
    with app.test_request_context(), force_locale("ar"):
        assert localized("", None) == ""
