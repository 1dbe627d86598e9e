from __future__ import annotations

from flask import Flask, get_flashed_messages
from flask_babel import force_locale

from upscaler.errors import InvalidAccount
from upscaler.views.admin.messages import refuse


def test_a_refusal_is_shown_in_the_language_of_the_page(app: Flask) -> None:
    with app.test_request_context(), force_locale("ar"):
        refuse(InvalidAccount("role", "This role doesn't exist."))

        [(kind, text)] = get_flashed_messages(with_categories=True)
    assert kind == "danger"
    assert text.isprintable()
    assert "role" not in text
