"""What several kinds of test share: the real service as a process, photographs, and real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.photographs import save_photograph
from tests.support.service import LiveService


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The whole service, started as `make run` starts it, shared by all tests that speak HTTP."""
    service = LiveService(tmp_path_factory.mktemp("service"), {"RATE_LIMIT": "off"})
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real photographs as files, by name: astronaut (PNG), coffee (JPEG), chelsea (WebP)."""
    folder = tmp_path_factory.mktemp("photographs")
    return {
        "astronaut": save_photograph("astronaut", folder / "astronaut.png"),
        "coffee": save_photograph("coffee", folder / "coffee.jpg"),
        "chelsea": save_photograph("chelsea", folder / "chelsea.webp"),
    }
