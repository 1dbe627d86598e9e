"""Steps of a visitor on the pages, for several tests."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

from PIL import Image
from playwright.sync_api import Download, Locator, Page, expect

TIMEOUT_MS = 90_000

DROP = """([encoded, name, type]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def drop(page: Page, path: Path) -> None:
    """Drop a file on the page, as from a file manager."""
    encoded = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(DROP, [encoded, path.name, mimetypes.guess_type(path.name)[0] or ""])


def choose(page: Page, path: Path) -> None:
    """Choose a file and wait until its preview is there."""
    page.set_input_files("#file", path)
    expect(page.locator("#chosen")).to_be_visible()


def submit(page: Page) -> None:
    """Send what was chosen and wait for the page of the job."""
    page.locator("#submit").click()
    page.wait_for_url("**/jobs/job_*", timeout=TIMEOUT_MS)


def result(page: Page) -> Locator:
    """Wait for the result and return its part of the page."""
    part = page.locator("#job-result")
    expect(part).to_be_visible(timeout=TIMEOUT_MS)
    return part


def size_of(download: Download) -> tuple[int, int]:
    """Return width and height of a downloaded image in pixels, read to its end."""
    with Image.open(download.path()) as image:
        image.load()
        return image.size


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
