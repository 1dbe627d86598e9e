from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from upscaler.views import converters, public
from upscaler.views.localization import LANGUAGES


@pytest.fixture
def site() -> Iterator[Flask]:
    """The public pages' routes with languages and nothing else; code under test runs inside a request."""
    app = Flask("upscaler")
    app.config.update(SECRET_KEY="for tests", LANGUAGES=LANGUAGES)
    Babel(app, default_translation_directories="../translations")
    converters.init_app(app)
    public.init_app(app)
    with app.test_request_context():
        yield app
