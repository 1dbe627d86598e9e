"""What is read of generated files beside what a browser shows of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from bench.browser_pixels import first_image
from bench.second_reader import as_shown
from tests.support import bmp_files, gif_files, iso_files, jpeg_files, webp_files
from upscaler.engine.imaging.decode import decode

SAMPLED = 60


def sample(files) -> list:
    return random.Random(11).sample(list(files), SAMPLED)  # noqa: S311 - the same sample each time


def generated() -> Iterator[tuple[str, str, bytes]]:
    """Yield a name, a media type and a file."""
    for case in sample(bmp_files.cases()):
        # This browser does not know the bit fields of 24-bit pixels, run lengths of three bytes, short headers and
        # pixels whose place is not named.
        is_odd = case.header in (16, 36, 64) or bmp_files.FIELDS.get(case.pixels, (0,))[0] == 24
        if not is_odd and not case.no_offset:
            yield f"bmp {case}", "image/bmp", bmp_files.write(case).content
    for case in sample(gif_files.cases()):
        yield f"gif {case}", "image/gif", gif_files.write(case).content
    for case in sample(jpeg_files.cases()):
        yield f"jpeg {case}", "image/jpeg", jpeg_files.write(case).content
    for case in sample(webp_files.cases()):
        yield f"webp {case}", "image/webp", webp_files.write(case).content
    for name, content in iso_files.avif_cases():
        yield f"avif {name}", "image/avif", content


@pytest.mark.parametrize("kind", ["bmp", "gif", "jpeg", "webp", "avif"])
def test_generated_files_are_read_as_a_browser_shows_them(browser: Browser, tmp_path, kind):
    page, compared = browser.new_page(), 0
    for name, mime_type, content in generated():
        if not name.startswith(kind):
            continue
        (tmp_path / "a").write_bytes(content)
        expected = first_image(page, content, mime_type)
        assert expected is not None, name
        ours = as_shown(decode(tmp_path / "a")).astype(int)
        assert ours.shape == expected.shape, name
        # A canvas holds colours multiplied by their opacity.
        weight = expected[..., 3:] / 255
        difference = np.abs(ours[..., :3] * weight - expected[..., :3] * weight)
        assert difference.max() <= 2, name
        assert np.abs(ours[..., 3] - expected[..., 3]).max() <= 1, name
        compared += 1
    page.close()
    print(f"{compared} {kind} files look as in the browser")  # noqa: T201 - for pytest -rP
    assert compared > SAMPLED // 3
