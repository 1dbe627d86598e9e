"""EXIF orientation: how stored rows and columns become upright ones, and back."""

from __future__ import annotations

from upscaler.engine.imaging.image import Pixels

ORIENTATION_TAG = 0x0112

# Flipped down, flipped across, then transposed (EXIF 2.32, 4.6.4, tag Orientation).
_TURNS = {
    2: (False, True, False),
    3: (True, True, False),
    4: (True, False, False),
    5: (False, False, True),
    6: (True, False, True),
    7: (True, True, True),
    8: (False, True, True),
}
_UNDONE_BY = {6: 8, 8: 6}


def valid_orientation(value: object) -> int:
    """Return an EXIF orientation, 1 to 8; 1 for anything that makes no sense."""
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def is_transposed(orientation: int) -> bool:
    """Return whether width and height change places."""
    return _TURNS.get(orientation, (False, False, False))[2]


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn rows and columns as the EXIF orientation, 1 to 8, says."""
    down, across, transposed = _TURNS.get(orientation, (False, False, False))
    pixels = pixels[::-1] if down else pixels
    pixels = pixels[:, ::-1] if across else pixels
    return pixels.swapaxes(0, 1) if transposed else pixels


def as_stored(pixels: Pixels, orientation: int) -> Pixels:
    """Undo ``upright``."""
    return upright(pixels, _UNDONE_BY.get(orientation, orientation))
