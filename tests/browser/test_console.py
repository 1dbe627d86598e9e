"""The operator's console in a real browser, on the real service."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.support.service import ADMIN, FETCHED_FROM

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PAGES = (
    "dashboard",
    "jobs",
    "deliveries",
    "models",
    "models/1",
    "users",
    "users/add",
    "users/1",
    "keys",
    "settings",
    "audit",
)

# How many of the chart's points are painted.
PAINTED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, index) => index % 4 === 3 && value > 0).length"""

# By how many pixels the content of a card is wider than the card.
WIDER = """() => Array.from(document.querySelectorAll(".card"), (card) => card.scrollWidth - card.clientWidth)
  .filter((pixels) => pixels > 0)"""


# Gives each time as many digits as a time can have: what fits at nine in the morning has to fit at noon.
LONGEST_TIMES = """() => document.querySelectorAll(".rows time").forEach((time) => {
  time.textContent = time.textContent.replace(/\\b\\d\\b(?=[,:])/g, "00");
})"""


@pytest.fixture(scope="module")
def finished(live_service, photographs):
    return live_service.upscale(photographs["chelsea"], factor="2x", preset="standard")


@pytest.fixture
def sign_in(open_page):
    def open_console(**options: object) -> Page:
        page = open_page("/admin/dashboard", **options)
        page.locator("#username").fill(ADMIN[0])
        page.locator("#password").fill(ADMIN[1])
        page.locator(".login__card button").click()
        page.wait_for_url("**/admin/dashboard")
        return page

    return open_console


def test_the_seeded_admin_signs_in_sees_the_dashboard_and_signs_out(sign_in, finished):
    page = sign_in(**DESKTOP)
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    expect(page.locator(".figure").filter(has_text="Total uploads")).to_contain_text(re.compile(r"[1-9]"))
    assert page.locator("#jobs-chart").evaluate(PAINTED) > 500
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/admin/login")


def test_a_wrong_password_is_explained(open_page, expected_errors):
    expected_errors.append("401")
    page = open_page("/admin/login")
    page.locator("#username").fill(ADMIN[0])
    page.locator("#password").fill("wrong")
    page.locator("#password").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Incorrect username or password.")


def test_a_job_is_run_again_after_a_question_and_the_audit_log_shows_it(sign_in, finished):
    page = sign_in(**DESKTOP)
    page.get_by_role("link", name="Jobs", exact=True).click()
    again = page.get_by_role("button", name=f"Run again: {finished['job_id']}")
    again.click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Go back").click()
    expect(question).to_be_hidden()
    assert page.url.endswith("/admin/jobs")

    again.click()
    question.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status")).to_contain_text("was queued again")
    assert finished["job_id"] not in page.url
    expect(page.get_by_role("link", name=finished["job_id"])).to_be_visible()

    page.goto("/admin/audit?action=job.requeue")
    expect(page.get_by_role("row").nth(1)).to_contain_text(ADMIN[0])


def test_the_report_shows_both_images_and_hands_out_the_result(sign_in, finished):
    page = sign_in(**DESKTOP)
    page.goto(f"/admin/job/{finished['job_id']}")
    for image in page.locator(".image img").all():
        image.scroll_into_view_if_needed()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
        )
    assert page.locator(".image img").count() == 2
    with page.expect_download() as download:
        page.get_by_role("button", name="Download result").click()
    assert download.value.suggested_filename == "chelsea-2x.png"


def test_a_setting_is_changed_and_a_mistake_is_explained(sign_in, expected_errors):
    expected_errors.append("422")
    page = sign_in(**DESKTOP)
    page.goto("/admin/settings")
    field = page.get_by_label("Queue limit")
    before = field.input_value()
    field.fill("many")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".form-error")).to_have_text("Enter a whole number from 1 to 10000000.")
    expect(field).to_have_value("many")
    field.fill(before)
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status")).to_have_text("The settings were saved.")


@pytest.fixture(scope="module")
def long_words(live_service, photographs):
    """An account and a message whose names, addresses and reasons are long and have no spaces."""
    name = "a-user-name-that-nobody-would-choose-for-themselves"
    signed_in = {"username": ADMIN[0], "password": ADMIN[1]}
    answer = requests.post(f"{live_service.url}/api/v1/auth/login", json=signed_in, timeout=60)
    requests.post(
        f"{live_service.url}/api/v1/admin/users",
        json={"username": name, "email": f"{name}@{name}.example.org", "password": "Blue-Lamp-2931"},
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        timeout=60,
    ).raise_for_status()
    callback = f"http://{FETCHED_FROM}:8999/hooks/{'a' * 120}"
    live_service.upscale(photographs["chelsea"], factor="2x", preset="standard", callback_url=callback)


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_long_words_stay_inside_their_cards(sign_in, long_words, device, locale):
    page = sign_in(locale=locale, **device)
    for path in ("users", "deliveries", "jobs?q=nothing", "audit", "models/1"):
        page.goto(f"/admin/{path}")
        page.evaluate(LONGEST_TIMES)
        assert (steps.overflow(page), page.evaluate(WIDER)) == (0, []), path


def test_the_dashboard_shows_names_and_times_in_full(sign_in, finished):
    for locale in ("en-GB", "ar"):
        page = sign_in(locale=locale, **DESKTOP)
        line = page.locator(".entry .cell-more").first
        assert line.evaluate("line => line.scrollWidth <= line.clientWidth")
        name, time = line.locator("bdi").bounding_box(), line.locator("time").bounding_box()
        assert (name["x"] < time["x"]) == (locale == "en-GB")


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_a_phone_shows_every_page_without_scrolling_sideways(sign_in, finished, locale):
    page = sign_in(locale=locale, **PHONE)
    for path in (*PAGES, f"job/{finished['job_id']}"):
        page.goto(f"/admin/{path}")
        assert steps.overflow(page) == 0, path


def test_on_a_phone_the_menu_opens_and_closes_with_keys(sign_in):
    page = sign_in(**PHONE)
    menu = page.get_by_role("button", name="Menu")
    link = page.get_by_role("link", name="Audit log")
    expect(link).to_be_hidden()
    menu.focus()
    page.keyboard.press("Enter")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()


def test_in_arabic_the_menu_stands_on_the_right(sign_in):
    page = sign_in(locale="ar", **DESKTOP)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    sidebar = page.locator("#sidebar").bounding_box()
    assert sidebar is not None
    assert sidebar["x"] + sidebar["width"] == pytest.approx(1280, abs=20)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    assert page.url.endswith("/admin/dashboard")
