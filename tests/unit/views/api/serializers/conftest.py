from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    """A visitor's request, whose address links begin with and whose language sentences are in."""
    with app.test_request_context():
        yield
