"""Back, forward and reload on the public pages: what is shown follows the address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from tests.browser import steps
from tests.browser.conftest import ARGUMENTS, CHROMIUM, TIMEOUT_MS
from tests.support.service import LiveService


def shows_form(page: Page) -> None:
    expect(page.locator("#upload")).to_be_visible()
    expect(page.locator("#job")).to_be_hidden()
    expect(page).to_have_title("Upscale images · ImageUpscalerPro")


def test_after_a_reload_back_and_forward_show_what_the_address_says(
    open_page, photographs: dict[str, Path]
) -> None:
    page = open_page()
    start = page.url
    steps.choose(page, photographs["astronaut"])
    steps.submit(page)
    job = page.url
    steps.result(page)

    page.reload()
    steps.result(page)
    for _ in range(2):
        page.go_back()
        page.wait_for_url(start)
        shows_form(page)
        page.go_forward()
        page.wait_for_url(job)
        steps.result(page)
        expect(page.locator("#landing")).to_be_hidden()
        page.reload()
        steps.result(page)
    page.go_back()
    shows_form(page)
    page.reload()
    shows_form(page)
    page.go_forward()
    steps.result(page)


def test_two_jobs_in_one_window_are_distinguished(
    open_page, live_service: LiveService, photographs: dict[str, Path]
) -> None:
    page = open_page()
    for name in ("coffee", "chelsea"):
        steps.choose(page, photographs[name])
        steps.submit(page)
        steps.result(page)
        page.get_by_role("link", name="Upscale another image").click()
        shows_form(page)

    page.go_back()
    expect(page.locator("#job-facts")).to_contain_text("chelsea")
    page.reload()
    expect(page.locator("#job-facts")).to_contain_text("chelsea")
    page.go_back()
    shows_form(page)
    page.go_back()
    expect(page.locator("#job-facts")).to_contain_text("coffee")


def test_the_page_of_a_job_that_is_gone_leads_back(
    open_page, photographs: dict[str, Path], expected_errors: list[str]
) -> None:
    expected_errors.append("status of 404")
    page = open_page()
    steps.choose(page, photographs["coffee"])
    steps.submit(page)
    steps.result(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete image").click()
    expect(page.get_by_role("heading", name="Image deleted")).to_be_visible()

    page.reload()
    expect(page.get_by_role("heading", name="Job not found")).to_be_visible()
    page.go_back()
    shows_form(page)
    page.go_forward()
    expect(page.get_by_role("heading", name="Job not found")).to_be_visible()


def test_a_jump_within_the_page_loads_nothing_again(
    open_page, live_service: LiveService, photographs: dict[str, Path]
) -> None:
    job = live_service.upscale(photographs["coffee"], factor="2x")
    page = open_page(f"/jobs/{job['job_id']}")
    steps.result(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.go_back()

    steps.result(page)
    assert [url for url in asked if "/api/" in url or "/jobs/" in url] == []


@pytest.fixture(scope="module")
def remembering_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages in memory to go back to, which Playwright turns off."""
    kept = playwright.chromium.launch(
        executable_path=CHROMIUM,
        headless=True,
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield kept
    kept.close()


def test_a_page_from_the_browsers_memory_is_up_to_date(
    remembering_browser: Browser, live_service: LiveService, photographs: dict[str, Path]
) -> None:
    def storable(route: Route) -> None:
        answer = route.fetch()
        kept = {name: value for name, value in answer.headers.items() if name != "cache-control"}
        route.fulfill(response=answer, headers=kept)

    job = live_service.upscale(photographs["coffee"], factor="2x")
    page = remembering_browser.new_page(base_url=live_service.url, locale="en-GB")
    page.set_default_timeout(TIMEOUT_MS)
    # Our pages forbid to be stored, and browsers decide for themselves what that means for their memory.
    page.route("**/*", storable)
    page.add_init_script(
        "addEventListener('pageshow', (event) => { if (event.persisted) window.wasKept = true; })"
    )
    page.goto(f"/jobs/{job['job_id']}")
    steps.result(page)
    page.goto("/")
    with live_service.client() as client:
        client.delete(job["job_id"])

    page.go_back(wait_until="commit")

    assert page.evaluate("window.wasKept")
    expect(page.get_by_role("heading", name="Job not found")).to_be_visible()
    page.close()
