"""Limits on the structure of files, judged while they are scanned and before anything is decoded.

They are far above what programs write: progressive JPEG files have some ten scans, animations some thousand images,
and a PNG file of 500 MB in pieces of 8 kB has 64,000 chunks.
"""

from __future__ import annotations

from upscaler.errors import TooComplexImage

# Segments, chunks and other parts of a file.
MOST_PARTS = 100_000
# Passes over all pixels of a JPEG file.
MOST_SCANS = 100
# Images of an animation, pages of a document.
MOST_IMAGES = 20_000
# One tile, decoded.
MOST_TILE_BYTES = 256 << 20


def check(count: int, most: int) -> None:
    """Raise ``TooComplexImage`` where there are more than the most."""
    if count > most:
        raise TooComplexImage
