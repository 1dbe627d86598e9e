from __future__ import annotations

import base64
import os
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser import steps

PASTE = """(encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


def watch_uploads(page: Page) -> list[str]:
    """Return a list that grows by the address of each upload that the page begins."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def focus_on(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.name || ''"))


def tab_to(page: Page, target: str) -> None:
    for _ in range(20):
        if focus_on(page) == target:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {target}")


def test_a_dropped_image_comes_back_twice_as_large(open_page, photographs):
    page = open_page()
    steps.drop(page, photographs["coffee"])
    expect(page.locator("#chosen-name")).to_have_text("coffee.jpg")
    expect(page.locator("#chosen-growth")).to_have_text(re.compile(r"160\s.\s107.*320\s.\s214.*pixels"))
    steps.submit(page)
    steps.result(page)
    expect(page.locator("#job-title")).to_have_text("Your image is ready")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "coffee-2x.png"
    assert steps.size_of(download.value) == (320, 214)


def test_a_name_of_another_format_is_accepted_and_noted(open_page, photographs, tmp_path):
    page = open_page()
    named = tmp_path / "Mr. Smith.png"
    named.write_bytes(photographs["coffee"].read_bytes())
    steps.choose(page, named)
    expect(page.locator("#chosen-name")).to_have_text("Mr. Smith.png")
    steps.submit(page)
    steps.result(page)
    expect(page.locator("#job")).to_contain_text("The name says PNG, the content is JPEG")


def test_a_raw_image_of_a_camera_is_refused_before_it_is_sent(open_page, tmp_path):
    page = open_page()
    sent = watch_uploads(page)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tiff")
    page.set_input_files("#file", (tmp_path / "a.tiff").rename(tmp_path / "a.DNG"))
    expect(page.locator("#file-message")).to_contain_text("This is a camera's raw image")
    assert sent == []


def test_an_estimate_is_shown_before_anything_is_sent(open_page, photographs):
    page = open_page()
    sent = watch_uploads(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/quote?" in request.url else None)
    quote = page.locator("#chosen-quote")
    expect(quote).to_be_hidden()

    steps.choose(page, photographs["coffee"])
    expect(quote).to_have_text(re.compile(r"^About \d+ seconds?, about \d+ kB$"))
    small = quote.inner_text()
    page.get_by_role("radio", name="4x").check()
    page.get_by_role("radio", name="Photo").check()
    expect(quote).not_to_have_text(small)
    assert "factor=4x" in asked[-1]
    assert "preset=photo" in asked[-1]
    assert len(asked) < 4, "choices one after another are asked for once"
    assert sent == []


def test_without_an_answer_about_the_time_images_can_be_sent_all_the_same(
    open_page, photographs, expected_errors
):
    expected_errors.append("ERR_FAILED")
    page = open_page()
    page.route("**/api/v1/quote?*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        steps.choose(page, photographs["coffee"])
    expect(page.locator("#chosen-quote")).to_be_hidden()
    expect(page.locator("#file-message")).to_be_hidden()
    steps.submit(page)
    steps.result(page)


def test_presets_are_compared_on_a_crop_before_anything_is_sent(open_page, photographs):
    page = open_page()
    steps.choose(page, photographs["coffee"])
    page.get_by_role("button", name="Compare presets").click()
    for preset in ("Standard", "Photo", "Art", "Face"):
        piece = page.get_by_role("img", name=f"Crop of your image: {preset}")
        expect(piece).to_be_visible(timeout=120_000)
        expect(piece).to_have_js_property("complete", value=True)
        # The image is smaller than the largest piece, and upscaled twice.
        assert piece.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [320, 214]
    expect(page.locator("#trial-words")).to_have_text(re.compile("Choose the one that looks best"))
    assert steps.overflow(page) <= 0

    page.get_by_role("radio", name="4x").check()
    expect(page.get_by_role("img", name="Crop of your image: Art")).to_be_hidden()
    expect(page.get_by_role("button", name="Compare presets")).to_be_enabled()


def test_a_trial_that_is_refused_says_why_and_the_image_can_be_sent(open_page, photographs, expected_errors):
    expected_errors.append("status of 429")
    page = open_page()
    detail = {"title": "Too many", "detail": "Please wait a little.", "code": "rate_limited"}
    page.route("**/api/v1/previews", lambda route: route.fulfill(status=429, json=detail))
    steps.choose(page, photographs["coffee"])
    page.get_by_role("button", name="Compare presets").click()
    expect(page.locator("#trial-words")).to_have_text("Please wait a little.")
    steps.submit(page)
    steps.result(page)


def test_further_choices_are_sent_with_the_image(open_page, live_service, photographs):
    page = open_page()
    steps.choose(page, photographs["coffee"])
    page.get_by_text("More options").first.click()
    page.get_by_label("Enhance faces").select_option(label="On")
    page.get_by_label("Colours").select_option(label="Model output")
    page.get_by_label("Metadata").select_option(label="Keep without location")
    page.get_by_label("Sharpening").select_option(label="Low")
    assert steps.overflow(page) <= 0

    steps.submit(page)
    job = live_service.wait(page.url.rpartition("/")[2])

    assert job["status"] == "completed", job
    wanted = {
        **{"refine_faces": True, "match_colours": False, "sharpen": "low"},
        "keep_metadata": "without_location",
    }
    assert wanted.items() <= job["params"].items()


def test_the_keyboard_alone_is_enough(open_page, photographs):
    page = open_page()
    # The browser needs a moment to learn that a file chooser is waited for; asked at the last moment, it may miss it.
    page.on("filechooser", lambda _: None)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    tab_to(page, "file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(photographs["astronaut"])
    expect(page.locator("#chosen")).to_be_visible()
    tab_to(page, "factor")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="4x")).to_be_checked()
    tab_to(page, "preset")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Art")).to_be_checked()
    tab_to(page, "submit")
    page.keyboard.press("Enter")
    steps.result(page)
    expect(page.locator("#job-title")).to_be_focused()
    page.keyboard.press("Tab")
    slider = page.get_by_role("slider", name="How much of the original to show")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("51")
    tab_to(page, "job-download")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert steps.size_of(download.value) == (640, 640)


def test_a_pasted_image_is_taken(open_page, photographs):
    page = open_page()
    page.evaluate(PASTE, base64.b64encode(photographs["astronaut"].read_bytes()).decode())
    expect(page.locator("#chosen-name")).to_have_text("image.png")


def test_a_file_that_is_no_image_is_refused_before_anything_is_sent(open_page, tmp_path):
    page = open_page()
    sent = watch_uploads(page)
    text = tmp_path / "holiday.png"
    text.write_text("This only looks like an image.")
    page.set_input_files("#file", text)
    expect(page.locator("#file-message")).to_have_text(
        "This file type is not supported. Use one of these: JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP."
    )
    page.locator("#submit").click()
    expect(page.locator("#file-message")).to_have_text("Choose an image first.")
    assert sent == []


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(open_page, photographs, tmp_path):
    page = open_page()
    sent = watch_uploads(page)
    large = tmp_path / "large.png"
    large.write_bytes(photographs["astronaut"].read_bytes() + bytes(15_000_000))
    page.set_input_files("#file", large)
    expect(page.locator("#file-message")).to_contain_text("The maximum is 15 MB.")
    assert sent == []


def test_a_side_that_is_too_long_is_refused_before_anything_is_sent(open_page, tmp_path):
    page = open_page()
    sent = watch_uploads(page)
    path = tmp_path / "long.png"
    Image.new("L", (8001, 2)).save(path)
    page.set_input_files("#file", path)
    expect(page.locator("#file-message")).to_contain_text("No side may be longer than 8,000 pixels")
    assert sent == []


def test_a_factor_that_makes_too_many_pixels_is_refused_and_a_smaller_one_accepted(open_page, tmp_path):
    page = open_page()
    sent = watch_uploads(page)
    path = tmp_path / "wide.png"
    Image.new("L", (6000, 4000)).save(path)
    steps.choose(page, path)
    expect(page.locator("#file-message")).to_be_hidden()
    page.get_by_role("radio", name="4x").check()
    expect(page.locator("#file-message")).to_contain_text(
        re.compile(r"24,000\s.\s16,000.*more than this service can")
    )
    page.locator("#submit").click()
    page.get_by_role("radio", name="2x").check()
    expect(page.locator("#file-message")).to_be_hidden()
    assert sent == []


def test_a_tiff_can_be_sent_though_the_browser_cannot_show_it(open_page, tmp_path, photographs):
    page = open_page()
    path = tmp_path / "scan.tif"
    with Image.open(photographs["coffee"]) as image:
        image.save(path)
    steps.choose(page, path)
    expect(page.locator("#chosen-note")).to_contain_text("You can still upload the image")
    steps.submit(page)
    steps.result(page)
    original = page.get_by_role("img", name="Original: ")
    expect(original).to_have_js_property("complete", value=True)
    assert original.evaluate("image => image.naturalWidth") == 160
    expect(page.get_by_role("slider")).to_be_visible()


def test_what_the_server_refuses_is_explained_in_its_words(open_page, expected_errors, photographs, tmp_path):
    expected_errors.append(r"status of 422")
    page = open_page()
    truncated = tmp_path / "coffee.jpg"
    truncated.write_bytes(photographs["coffee"].read_bytes()[:-1500])
    steps.choose(page, truncated)
    page.locator("#submit").click()
    message = page.locator("#file-message")
    expect(message).to_contain_text("Damaged image")
    expect(message).to_contain_text("use another copy")
    expect(page.locator("#submit")).to_be_visible()
    expect(page.locator("#chosen")).to_be_visible()


def test_an_error_comes_into_view_and_says_once_when_to_try_again(open_page, expected_errors, photographs):
    expected_errors.append("status of 429")
    page = open_page(viewport={"width": 360, "height": 740})
    detail = "You've used your 10 images for this hour. Try again in 30 minutes."
    answer = {"title": "Too many requests", "detail": detail, "code": "rate_limited", "status": 429}
    page.route(
        "**/api/v1/uploads",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "1800"}, json=answer),
    )
    steps.choose(page, photographs["coffee"])
    page.locator("#submit").click()
    message = page.locator("#file-message")
    # Not all of it: the edge may lie on a part of a pixel.
    expect(message).to_be_in_viewport(ratio=0.95)
    expect(message).to_have_text(f"Too many requests{detail}")


def test_the_file_field_has_a_name_in_every_state(open_page, photographs):
    page = open_page()
    field = page.locator("#file")
    expect(field).to_have_accessible_name(re.compile("Choose an image"))
    steps.choose(page, photographs["coffee"])
    expect(field).to_have_accessible_name(re.compile("Choose another"))


def test_a_server_that_cannot_be_reached_is_reported_and_the_choice_is_kept(
    open_page, expected_errors, photographs
):
    expected_errors.append("ERR_INTERNET_DISCONNECTED")
    page = open_page()
    steps.choose(page, photographs["coffee"])
    page.context.set_offline(True)
    page.locator("#submit").click()
    expect(page.locator("#file-message")).to_contain_text("Check your connection and try again.")
    page.context.set_offline(False)
    steps.submit(page)
    steps.result(page)


def test_without_javascript_the_page_says_so(open_page):
    page = open_page(java_script_enabled=False)
    expect(page.get_by_role("heading", name="This page needs JavaScript")).to_be_visible()
    # Playwright finds no text inside of <noscript>, only elements.
    expect(page.locator("noscript p").last).to_contain_text("POST /api/v1/uploads")
    expect(page.locator("#upload")).to_be_hidden()


def test_the_example_is_compared_by_touch(open_page):
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    slider = page.locator("#example").get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert 75 <= int(slider.input_value()) <= 85


@pytest.mark.parametrize("change", ["changed", "deleted"])
def test_a_file_that_changed_after_it_was_chosen_is_to_be_chosen_again(
    open_page, photographs, tmp_path, expected_errors, change
):
    expected_errors.append("ERR_UPLOAD_FILE_CHANGED|ERR_FILE_NOT_FOUND|ERR_FAILED")
    path = tmp_path / "coffee.jpg"
    path.write_bytes(photographs["coffee"].read_bytes())
    # Chromium compares whole seconds.
    os.utime(path, (1_700_000_000, 1_700_000_000))
    page = open_page()
    steps.choose(page, path)
    page.get_by_role("radio", name="4x").check()
    if change == "changed":
        path.write_bytes(photographs["coffee"].read_bytes() + b"more")
    else:
        path.unlink()

    page.locator("#submit").click()

    message = page.locator("#file-message")
    expect(message).to_contain_text("File can't be read")
    expect(message).to_contain_text("Choose it again.")
    expect(message).not_to_contain_text("connection")
    expect(page.locator("#file-label")).to_be_visible()
    assert focus_on(page) == "file"
    expect(page.get_by_role("radio", name="4x")).to_be_checked()

    path.write_bytes(photographs["coffee"].read_bytes())
    steps.choose(page, path)
    expect(message).to_be_hidden()
    steps.submit(page)
    steps.result(page)


def test_a_file_that_is_gone_before_the_page_reads_it_or_crops_it_is_reported(
    open_page, photographs, tmp_path, expected_errors
):
    expected_errors.append("ERR_")
    path = tmp_path / "coffee.jpg"
    path.write_bytes(photographs["coffee"].read_bytes())
    page = open_page()
    steps.choose(page, path)
    path.unlink()

    page.get_by_role("button", name="Compare presets").click()

    expect(page.locator("#trial-words")).to_contain_text("Choose it again.")


def test_a_file_that_is_chosen_before_the_scripts_are_there_counts(open_page, photographs):
    page = open_page("about:blank")
    held: list[Route] = []
    page.route("**/main.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the function
    page.goto("/", wait_until="commit")
    page.set_input_files("#file", photographs["coffee"])
    expect(page.locator("#chosen")).to_be_hidden()

    held[0].continue_()

    expect(page.locator("#chosen-name")).to_have_text("coffee.jpg")
