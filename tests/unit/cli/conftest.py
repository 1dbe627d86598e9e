from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.support.scripted import ScriptedServer, scripted_servers


@pytest.fixture
def script() -> Iterator[Callable[..., ScriptedServer]]:
    """Return a starter of servers that give the named answers."""
    with scripted_servers() as start:
        yield start


@pytest.fixture(autouse=True)
def usual_signals() -> Iterator[None]:
    """Give the programs of a test the usual signals: what runs the tests may have them ignored, as ``nohup`` has."""
    usual = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
