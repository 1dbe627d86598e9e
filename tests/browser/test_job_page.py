from __future__ import annotations

import re

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

from tests.browser import steps
from tests.support.service import ADMIN
from upscaler.client import Client


@pytest.fixture(scope="module")
def finished(live_service, photographs):
    return live_service.upscale(photographs["coffee"], factor="2x", preset="standard")


def test_the_link_alone_shows_both_images_and_the_facts(open_page, finished):
    page = open_page(f"/jobs/{finished['job_id']}")
    steps.result(page)
    facts = page.locator("#job-facts")
    expect(facts).to_contain_text("coffee.jpg")
    expect(facts).to_contain_text(re.compile(r"160\s.\s107.*320\s.\s214.*pixels"))
    expect(facts).to_contain_text(finished["model"])
    for name in ("Original: ", "Upscaled: "):
        photo = page.get_by_role("img", name=name)
        expect(photo).to_have_js_property("complete", value=True)
        assert photo.evaluate("image => image.naturalWidth") > 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert steps.size_of(download.value) == (320, 214)


def test_the_link_is_copied_and_the_button_says_so(open_page, finished):
    page = open_page(f"/jobs/{finished['job_id']}", permissions=["clipboard-read", "clipboard-write"])
    steps.result(page)
    button = page.locator("#job-copy-link")
    button.click()
    expect(button).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(button).to_have_text("Copy link")


def test_without_access_to_the_clipboard_the_button_says_what_to_do(open_page, finished):
    page = open_page()
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))")
    page.goto(f"/jobs/{finished['job_id']}")
    steps.result(page)
    button = page.locator("#job-copy-link")
    button.click()
    expect(button).to_have_text("Copy it from the address bar.")


def test_images_show_where_the_service_was_opened_under_another_of_its_names(
    open_page, live_service, finished
):
    def rename(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(live_service.url, "https://other.example"))

    page = open_page()
    page.route("**/api/v1/jobs/*", rename)
    page.goto(f"/jobs/{finished['job_id']}")
    steps.result(page)
    for name in ("Original: ", "Upscaled: "):
        photo = page.get_by_role("img", name=name)
        expect(photo).to_have_js_property("complete", value=True)
        assert photo.evaluate("image => image.naturalWidth") > 0


def test_reloading_after_sending_keeps_the_job_and_going_back_returns_to_the_form(open_page, photographs):
    page = open_page()
    steps.choose(page, photographs["astronaut"])
    steps.submit(page)
    address = page.url
    page.go_back()
    expect(page.locator("#upload")).to_be_visible()
    expect(page.locator("#job")).to_be_hidden()
    page.go_forward()
    assert page.url == address
    page.reload()
    steps.result(page)


def test_what_was_kept_and_changed_is_shown_in_sentences(open_page, live_service, tmp_path, photographs):
    path = tmp_path / "upright.jpg"
    with Image.open(photographs["coffee"]) as image:
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(path, exif=exif, dpi=(300, 300))
    job = live_service.upscale(path, factor="2x")
    page = open_page(f"/jobs/{job['job_id']}")
    steps.result(page)
    expect(page.locator("#job-kept")).to_contain_text(re.compile("Print resolution: .?300.? dpi"))
    expect(page.locator("#job-changed")).to_contain_text("Turned upright, from EXIF orientation 6")


def test_a_lost_connection_is_shown_and_overcome(open_page, expected_errors, photographs):
    expected_errors.append("ERR_FAILED")
    page = open_page()
    page.route("**/api/v1/jobs/*", lambda route: route.abort())
    steps.choose(page, photographs["astronaut"])
    steps.submit(page)
    expect(page.locator("#job-trouble")).to_contain_text("Your image is safe. Reconnecting")
    page.unroute("**/api/v1/jobs/*")
    steps.result(page)
    expect(page.locator("#job-trouble")).to_be_hidden()


def test_a_job_that_nobody_knows_is_a_page_that_leads_back(open_page, expected_errors):
    expected_errors.append("status of 404")
    page = open_page("/jobs/job_that_nobody_knows")
    expect(page.get_by_role("heading", name="Job not found")).to_be_visible()
    page.get_by_role("link", name="Back to the start page").click()
    expect(page.locator("#upload")).to_be_visible()


def test_a_job_can_be_canceled(open_page, tmp_path):
    path = tmp_path / "large.png"
    noise = np.random.default_rng(7).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    page = open_page()
    steps.choose(page, path)
    page.get_by_role("radio", name="4x").check()
    page.get_by_role("radio", name="Photo").check()
    steps.submit(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#job-title")).to_have_text("Upscaling was canceled")
    expect(page.locator("#job-progress-card")).to_be_hidden()
    expect(page.get_by_role("link", name="Upload an image")).to_be_visible()


def test_a_visitor_deletes_the_image_after_being_asked(open_page, live_service, photographs, expected_errors):
    job = live_service.upscale(photographs["coffee"], factor="2x")
    page = open_page(f"/jobs/{job['job_id']}")
    steps.result(page)
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete image").click()
    expect(page.locator("#job-result")).to_be_visible()

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete image").click()
    expect(page.get_by_role("heading", name="Image deleted")).to_be_focused()
    expect(page.locator("#job-result")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete image")).to_be_hidden()
    expect(page.get_by_role("link", name="Upload an image")).to_be_visible()
    expected_errors.append("status of 404")
    page.reload()
    expect(page.get_by_role("heading", name="Job not found")).to_be_visible()


def test_the_holder_of_a_link_to_an_accounts_image_may_look(open_page, live_service, photographs):
    answer = requests.post(
        f"{live_service.url}/api/v1/auth/login",
        json={"username": ADMIN[0], "password": ADMIN[1]},
        timeout=60,
    )
    with Client(live_service.url, answer.json()["access_token"]) as client:
        job = client.wait(client.upload(photographs["coffee"], factor="2x").id)
    page = open_page(f"/jobs/{job.id}")
    steps.result(page)
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    expect(page.get_by_role("button", name="Delete image")).to_be_hidden()
