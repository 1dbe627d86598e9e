"""Quotes against what the jobs then give, with the real models."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.support.photographs import save_photograph
from tests.support.service import LiveService

FORMATS = ("png", "jpeg", "webp", "avif", "tiff")
SOURCES = (("astronaut", "png"), ("coffee", "jpeg"), ("chelsea", "webp"), ("rocket", "avif"))
# `python -m bench.file_sizes` finds 95 of 100 results between half and twice the estimate.
LEAST_WITHIN = 0.9


def test_files_have_between_half_and_twice_the_size_that_was_quoted(
    live_service: LiveService, tmp_path: Path
) -> None:
    ratios: dict[tuple[str, str], float] = {}
    with live_service.client() as client:
        for name, ending in SOURCES:
            path = save_photograph(name, tmp_path / f"{name}.{ending}", 320)
            source = {"size_bytes": path.stat().st_size, "mime_type": f"image/{ending}"}
            with Image.open(path) as image:
                width, height = image.size
            for output_format in FORMATS:
                chosen = {"factor": "2x", "output_format": output_format}
                quoted = client.quote(width, height, **source, **chosen)["estimated_bytes"]
                job = client.wait(client.upload(path, **chosen).id)
                size = client.download(job, tmp_path / output_format).stat().st_size
                ratios[name, output_format] = quoted / size
    within = [0.5 < ratio < 2 for ratio in ratios.values()]
    assert sum(within) >= LEAST_WITHIN * len(within), ratios
