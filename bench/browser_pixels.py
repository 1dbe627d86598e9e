"""Pixels of image files as Chromium shows them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--force-color-profile=srgb",
]
# The image is not in the document, so an animation stays at its first frame.
_DRAW = """async ([content, type]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const image = new Image();
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  image.src = address;
  try { await image.decode(); } catch { return null; } finally { URL.revokeObjectURL(address); }
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d", { colorSpace: "srgb", willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const reader = new FileReader();
  const read = new Promise((resolve) => { reader.onload = resolve; });
  reader.readAsDataURL(new Blob([pixels]));
  await read;
  return [canvas.width, canvas.height, reader.result.split(",")[1] ?? ""];
}"""


def first_image(page: Page, content: bytes, mime_type: str) -> np.ndarray | None:
    """Return what the browser shows of a file, an animation's first image: uint8 (H, W, 4) in sRGB, straight alpha.

    Returns None where the browser cannot show it. Colours of nearly invisible pixels are rough: a canvas
    premultiplies them.
    """
    drawn = page.evaluate(_DRAW, [base64.b64encode(content).decode(), mime_type])
    if drawn is None:
        return None
    width, height, pixels = drawn
    return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)


@contextmanager
def empty_page() -> Iterator[Page]:
    """Run a browser with an empty page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_ARGUMENTS)
        yield browser.new_page()
        browser.close()
