from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, get_flashed_messages
from flask_babel import force_locale

from upscaler.errors import InvalidAccount
from upscaler.views.admin.messages import explain, refuse


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"limit": 64}, "Use up to 64 characters."),
        (None, "Use up to %(limit)s characters."),
        ({"bound": 64}, "Use up to %(limit)s characters."),
    ],
)
def test_values_that_do_not_fit_leave_the_template(
    app: Flask, values: dict[str, Any] | None, text: str
) -> None:
    with app.test_request_context():
        assert explain("Use up to %(limit)s characters.", values) == text


def test_a_refusal_is_shown_in_the_language_of_the_page(app: Flask) -> None:
    with app.test_request_context(), force_locale("ar"):
        refuse(InvalidAccount("role", "This role doesn't exist."))

        [(kind, text)] = get_flashed_messages(with_categories=True)
    assert kind == "danger"
    assert text.isprintable()
    assert "role" not in text
