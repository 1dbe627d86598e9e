from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.application import application
from upscaler.views.limiter import limiter


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The whole application over an empty database, with two polls in a minute and any number of uploads."""
    with application(DATA_DIR=str(tmp_path), POLL_RATE_LIMIT="2 per minute", RATE_LIMIT="off") as app:
        yield app
        limiter.reset()
