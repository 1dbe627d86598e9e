from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.scripted import ScriptedServer, scripted_servers


@pytest.fixture
def script() -> Iterator[Callable[..., ScriptedServer]]:
    """Return a starter of servers that give the named answers."""
    with scripted_servers() as start:
        yield start
