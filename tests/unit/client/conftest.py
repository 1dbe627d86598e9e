from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.scripted import ScriptedServer, scripted_servers


@pytest.fixture
def script() -> Iterator[Callable[..., ScriptedServer]]:
    """Return a starter of servers that give the named answers."""
    with scripted_servers() as start:
        yield start


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses of the client instead of making them."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    return noted
