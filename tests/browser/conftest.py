"""A real Chromium, and pages that fail their test when the console shows an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.support.service import LiveService

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A slow machine may need long; these end a test that hangs, they measure nothing.
TIMEOUT_MS = 90_000
EXPECT_MS = 30_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
    yield chromium
    chromium.close()


@pytest.fixture
def expected_errors() -> list[str]:
    """Patterns of console errors that a test brings about on purpose."""
    return []


@pytest.fixture
def open_page(browser: Browser, live_service: LiveService, expected_errors: list[str]) -> Iterator[OpenPage]:
    """Open a path of the service in a fresh browser profile; keywords are those of `Browser.new_context`.

    Chromium reports uncaught exceptions, failed requests and violations of the content security policy on the
    console: whatever was not expected there fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            errors.append(message.text)

    def open_path(path: str = "/", **options: object) -> Page:
        usual = {"base_url": live_service.url, "locale": "en-GB", "reduced_motion": "reduce"}
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert [
        error for error in errors if not any(re.search(pattern, error) for pattern in expected_errors)
    ] == []
