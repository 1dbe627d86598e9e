"""Length of the chaos scenarios, and their report at the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

_REPORT = "chaos"
# How long the service may take to remove what a killed process left behind, in seconds.
SWEEP_SECONDS = 120.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full-chaos", action="store_true", help="run the scenarios of chaos in full: an hour or so"
    )
    parser.addoption(
        "--sweep-seconds",
        type=float,
        default=SWEEP_SECONDS,
        help="how long what a killed process left behind may stay",
    )
    parser.addoption("--chaos-seed", type=int, help="repeat the random moments of an earlier run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full_chaos: takes too long for the short form")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full-chaos", default=False):
        items[:] = [item for item in items if item.get_closest_marker("full_chaos") is None]


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the scenarios are to run in full."""
    return bool(pytestconfig.getoption("--full-chaos", default=False))


@pytest.fixture(scope="session")
def sweep_seconds(pytestconfig: pytest.Config) -> float:
    """Return the seconds that the service may take to remove the leftovers of a killed process."""
    return float(pytestconfig.getoption("--sweep-seconds", default=SWEEP_SECONDS))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that adds a line to what is printed at the end of the run."""
    return lambda line: record_property(_REPORT, line)


@pytest.fixture
def chance(pytestconfig: pytest.Config, report: Callable[[str], None]) -> random.Random:
    """Random numbers that can be had again: the report names the seed."""
    seed = pytestconfig.getoption("--chaos-seed", default=None)
    if seed is None:
        seed = random.SystemRandom().randrange(1_000_000)
    report(f"seed {seed}")
    return random.Random(seed)  # noqa: S311 - moments to kill a process at, no secrets


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [outcome for kind in ("passed", "failed") for outcome in terminalreporter.stats.get(kind, [])]
    lines = [
        (outcome.nodeid.partition("::")[2], value)
        for outcome in reports
        if outcome.when == "call"
        for name, value in outcome.user_properties
        if name == _REPORT
    ]
    if lines:
        terminalreporter.section("chaos")
        for name, line in lines:
            terminalreporter.write_line(f"{name}: {line}")
