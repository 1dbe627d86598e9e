from __future__ import annotations

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser import steps
from upscaler.engine.imaging.formats import FORMATS

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
# In CSS pixels: the least that a finger hits surely (WCAG 2.5.5).
TOUCH_TARGET = 44

TARGETS = """() => Array.from(
  document.querySelectorAll("button, a, .segment, .choice, .dropzone__label"),
).filter((part) => part.checkVisibility() && !part.matches(".skip-link")).map((part) => {
  const { width, height } = part.getBoundingClientRect();
  return [part.textContent.trim(), width, height];
})"""


@pytest.fixture(scope="module")
def finished(live_service, photographs):
    return live_service.upscale(photographs["chelsea"], factor="2x", preset="standard")


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_a_phone_shows_every_page_without_scrolling_sideways_and_with_large_targets(
    open_page, finished, photographs, locale
):
    page = open_page(locale=locale, **PHONE)
    assert steps.overflow(page) == 0
    assert [target for target in page.evaluate(TARGETS) if min(target[1:]) < TOUCH_TARGET] == []
    steps.choose(page, photographs["coffee"])
    assert steps.overflow(page) == 0
    page.goto(f"/jobs/{finished['job_id']}")
    steps.result(page)
    assert steps.overflow(page) == 0
    assert [target for target in page.evaluate(TARGETS) if min(target[1:]) < TOUCH_TARGET] == []


def test_arabic_runs_from_right_to_left_and_leaves_no_english(open_page, photographs):
    page = open_page(locale="ar", **DESKTOP)
    html = page.locator("html")
    expect(html).to_have_attribute("dir", "rtl")
    expect(html).to_have_attribute("lang", "ar")
    expect(page.get_by_role("heading", level=1)).to_have_text("كبّر صورك وحافظ على واقعيتها")
    assert english_words(page.locator("main").inner_text()) <= {kind.label for kind in FORMATS}
    steps.choose(page, photographs["coffee"])
    steps.submit(page)
    steps.result(page)
    expect(page.locator("#job-title")).to_have_text("صورتك جاهزة")
    # Names: of the model, of the engine and its device.
    page.locator("#job-facts dd").evaluate_all("facts => facts.slice(-2).forEach((name) => name.remove())")
    assert english_words(page.locator("main").inner_text()) <= {"coffee", "jpg"}


def test_a_latin_file_name_stands_where_an_arabic_line_begins(open_page, photographs):
    page = open_page(locale="ar", **PHONE)
    steps.choose(page, photographs["coffee"])
    name, size = (page.locator(part).bounding_box() for part in ("#chosen-name", "#chosen-size"))
    assert name["x"] + name["width"] == pytest.approx(size["x"] + size["width"], abs=1)
    assert name["width"] < size["width"]


def english_words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{3,}", text))


def test_the_slider_follows_the_reading_direction(open_page, finished):
    page = open_page(f"/jobs/{finished['job_id']}", locale="ar", **DESKTOP)
    steps.result(page)
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    # A busy browser follows a key a moment later; one that goes the wrong way never gets there.
    page.wait_for_function(
        """() => {
            const [line, stage] = ["line", "stage"].map(
                (part) => document.querySelector(`#job-compare .compare__${part}`).getBoundingClientRect());
            return Math.abs(line.left - stage.right) <= 4;
        }"""
    )


def test_the_language_is_switched_on_the_page_of_a_job_and_stays(open_page, finished):
    page = open_page(f"/jobs/{finished['job_id']}", **DESKTOP)
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert page.url.endswith(f"/jobs/{finished['job_id']}")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_light_and_dark_follow_the_device(open_page, finished, tmp_path, device):
    brightness = {}
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme, **device)
        for name, path in (("start", "/"), ("job", f"/jobs/{finished['job_id']}")):
            page.goto(path)
            if name == "job":
                steps.result(page)
            file = tmp_path / f"{scheme}-{name}.png"
            page.screenshot(path=file, full_page=True)
            with Image.open(file) as shot:
                brightness[scheme, name] = shot.convert("L").getpixel((2, 2))
    assert brightness["light", "start"] == brightness["light", "job"] > 200
    assert brightness["dark", "start"] == brightness["dark", "job"] < 50
