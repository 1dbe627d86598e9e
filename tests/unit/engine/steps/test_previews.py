from __future__ import annotations

import numpy as np
from PIL import Image

from upscaler.engine.result import Previews
from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.previews import write_previews


def test_previews_show_result_and_input_with_transparency(job, save, colours, tmp_path):
    previews = Previews(tmp_path / "result.webp", tmp_path / "original.webp")
    pixels = np.dstack([colours(6, 4), np.full((4, 6), 77, np.uint8)])
    one = job(save("a.png", pixels), previews=previews)
    decode_image(one)
    Image.new("RGBA", (12, 8), (1, 2, 3, 77)).save(one.target, format="png")

    write_previews(one)

    for path, size in ((previews.result, (12, 8)), (previews.original, (6, 4))):
        with Image.open(path) as image:
            assert (image.format, image.size, image.mode) == ("WEBP", size, "RGBA")


def test_none_are_written_unless_asked_for(job, save, colours, tmp_path):
    write_previews(job(save("a.png", colours(6, 4))))

    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
