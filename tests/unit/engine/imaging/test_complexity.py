"""Files of a few megabytes that are nothing but parts: refused by their structure, before any pixel is decoded."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.support.png_files import RGB, PngCase, chunk, write_png
from upscaler.engine.imaging import complexity
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.errors import TooComplexImage

MANY = 300_000


def encoded(kind: str, side: int = 64, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunks(kind: bytes) -> bytes:
    whole = write_png(PngCase(RGB, 8)).content
    at = whole.index(b"IDAT") - 4
    return whole[:at] + chunk(kind, b"") * MANY + whole[at:]


def jpeg_segments() -> bytes:
    whole = encoded("JPEG")
    return whole[:2] + b"\xff\xfe\0\2" * MANY + whole[2:]


def jpeg_scans() -> bytes:
    whole = encoded("JPEG", 2000, progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * 500 + whole[-2:]


def gif_images() -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + image * MANY + b";"


def gif_extensions() -> bytes:
    whole = encoded("GIF")
    return whole[:-1] + b"!\xfe\1a\0" * MANY + whole[-1:]


def webp_images() -> bytes:
    still = encoded("WEBP", 4, lossless=True)[12:]
    place = bytes(6) + b"\3\0\0" * 2 + b"\x0a\0\0\0"
    image = b"ANMF" + struct.pack("<I", len(place) + len(still)) + place + still
    header = b"VP8X" + struct.pack("<IB3x", 10, 2) + b"\3\0\0" * 2 + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body = b"WEBP" + header + image * MANY
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunks() -> bytes:
    whole = encoded("WEBP")
    return whole[:12] + b"none\0\0\0\0" * MANY + whole[12:]


def tiff(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    stored = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + stored + struct.pack("<I", following)


def tiff_pages() -> bytes:
    count = 30_000
    shape = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    entries = [*shape, (277, 3, 1, 1), (278, 3, 1, 4), (279, 4, 1, 16)]
    size, first = len(tiff(entries)), 24
    pages = [
        tiff(entries, first + size * (number + 1) if number + 1 < count else 0) for number in range(count)
    ]
    return b"II*\0" + struct.pack("<I", first) + bytes(16) + b"".join(pages)


def tiff_tile() -> bytes:
    data = zlib.compress(bytes(20_000 * 20_000), 1)
    shape = [(256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    tile = [(322, 4, 1, 20_000), (323, 4, 1, 20_000), (324, 4, 1, 8), (325, 4, 1, len(data))]
    start = 8 + len(data)
    return b"II*\0" + struct.pack("<I", start) + data + tiff(shape + tile)


BOMBS: dict[str, Callable[[], bytes]] = {
    "empty PNG data": lambda: png_chunks(b"IDAT"),
    "PNG texts": lambda: png_chunks(b"tEXt"),
    "JPEG segments": jpeg_segments,
    "JPEG scans": jpeg_scans,
    "GIF images": gif_images,
    "GIF extensions": gif_extensions,
    "WebP images": webp_images,
    "WebP chunks": webp_chunks,
    "TIFF pages": tiff_pages,
    "TIFF tile": tiff_tile,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_of_nothing_but_parts_is_refused_by_its_structure(tmp_path, limits, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(BOMBS[name]())
    inspect_image_of_warm_process(tmp_path, limits)
    begun = time.process_time()
    with pytest.raises(TooComplexImage):
        inspect_image(path, limits)
    seconds = time.process_time() - begun
    print(f"{name}: {path.stat().st_size:,} bytes, {seconds:.3f} s")  # noqa: T201 - for pytest -rP
    # The promise is a second; a slow machine is given five times as long.
    assert seconds < 5


def inspect_image_of_warm_process(tmp_path, limits) -> None:
    """Load what the readers need, which counts for no file."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF"):
        (tmp_path / "warm").write_bytes(encoded(kind))
        inspect_image(tmp_path / "warm", limits)


def test_the_limit_itself_is_accepted() -> None:
    complexity.check(3, 3)
    with pytest.raises(TooComplexImage):
        complexity.check(4, 3)
