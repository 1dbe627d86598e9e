"""16-bit levels: libvips reads them where Pillow reduces colour to 8 bits while it decodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from upscaler.engine.imaging.image import DecodedImage, Pixels, as_8_bits

# Both readers round; where they differ by more, they do not agree on what the file means.
_TOLERATED_LEVELS = 1
# How stored rows and columns become upright ones, by EXIF orientation: flipped down, flipped across, then transposed.
_TURNS = {
    2: (False, True, False),
    3: (True, True, False),
    4: (True, False, False),
    5: (False, False, True),
    6: (True, False, True),
    7: (True, True, True),
    8: (False, True, True),
}


def replace(decoded: DecodedImage, path: Path, orientation: int) -> bool:
    """Replace 8-bit levels of a decoded image by its 16-bit ones; return False, and change nothing, where that fails.

    It works for gray and RGB, with transparency or without, whose values needed no conversion. What libvips
    reads must be what Pillow read, with finer levels.
    """
    pixels = _read(path)
    if pixels is None:
        return False
    pixels = upright(pixels, orientation)
    bands = pixels.shape[2]
    colours = 1 if bands <= 2 else 3
    if pixels.shape[:2] != decoded.rgb.shape[:2] or bands != colours + (decoded.alpha is not None):
        return False
    rgb, alpha = pixels[..., :colours], None if decoded.alpha is None else pixels[..., colours]
    if not _agree(rgb, decoded.rgb) or not (
        alpha is None or decoded.alpha is None or _agree(alpha, decoded.alpha)
    ):
        return False
    decoded.gray_layout = colours == 1
    decoded.rgb = np.repeat(rgb, 3, axis=2) if colours == 1 else np.ascontiguousarray(rgb)
    decoded.alpha = None if alpha is None else np.ascontiguousarray(alpha)
    decoded.gray = decoded.gray and _is_gray(decoded.rgb)
    return True


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn rows and columns as the EXIF orientation, 1 to 8, says."""
    down, across, transposed = _TURNS.get(orientation, (False, False, False))
    pixels = pixels[::-1] if down else pixels
    pixels = pixels[:, ::-1] if across else pixels
    return pixels.swapaxes(0, 1) if transposed else pixels


def _read(path: Path) -> Pixels | None:
    """Return uint16 (H, W, channels), or None where the file holds anything else."""
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    try:
        image = pyvips.Image.new_from_file(str(path), access="sequential", unlimited=True)
        if image.format != "ushort" or image.interpretation not in ("rgb16", "grey16"):
            return None
        memory = image.write_to_memory()
    except pyvips.Error:
        return None
    pixels: Pixels = np.frombuffer(memory, np.uint16).reshape(image.height, image.width, image.bands)
    return pixels


def _agree(deep: Pixels, shallow: Pixels) -> bool:
    return all(
        int(np.abs(as_8_bits(deep[row : row + 1]).astype(np.int16) - shallow[row]).max()) <= _TOLERATED_LEVELS
        for row in range(deep.shape[0])
    )


def _is_gray(rgb: Pixels) -> bool:
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))
