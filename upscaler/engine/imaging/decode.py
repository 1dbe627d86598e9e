"""Decoding: a file in, upright pixels out, with a note of everything that was changed on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from upscaler.engine.imaging.colour import to_rgb_or_gray
from upscaler.engine.imaging.formats import FORMATS, format_of_content
from upscaler.engine.imaging.image import DecodedImage, Pixels, as_8_bits
from upscaler.engine.imaging.jpeg_steps import find_trace
from upscaler.engine.imaging.metadata import select_exif
from upscaler.engine.imaging.opening import describe, open_image, read_head
from upscaler.engine.imaging.orientation import is_transposed, upright
from upscaler.engine.imaging.readers.base import OpenedImage
from upscaler.engine.notes import Note
from upscaler.errors import UnsupportedImage


def decode(path: Path, *, keep_metadata: str = "none", deep: bool = False) -> DecodedImage:
    """Read the first image of a file.

    Args:
        path: the file.
        keep_metadata: one of the values of that option.
        deep: whether to keep 16 bits per channel; otherwise all images come with 8.

    Raises:
        EmptyFile, UnsupportedImage, UnsupportedLayout, DamagedImage: as ``inspection.inspect_image`` raises them.

    """
    kind = format_of_content(read_head(path))
    if kind is None:
        raise UnsupportedImage(formats=", ".join(known.label for known in FORMATS))
    with open_image(path, kind) as opened:
        return decode_opened(opened, describe(opened, kind).as_dict(), keep_metadata=keep_metadata, deep=deep)


def decode_opened(
    opened: OpenedImage, source: dict[str, object], *, keep_metadata: str = "none", deep: bool = False
) -> DecodedImage:
    """Decode an opened file, whose facts are ``source``; further arguments as of ``decode``."""
    tag = opened.colour_tag()
    samples = opened.samples()
    if not deep:
        samples = samples.reduced()
    orientation = opened.orientation
    colours = to_rgb_or_gray(samples, tag)
    levels = upright(colours.levels, orientation)
    has_colour = levels.shape[2] == 3 and not has_no_colour(levels)
    decoded = DecodedImage(
        rgb=np.ascontiguousarray(levels) if levels.shape[2] == 3 else np.repeat(levels, 3, axis=2),
        alpha=_of_type(samples.alpha, levels.dtype, orientation),
        gray=not has_colour,
        gray_layout=levels.shape[2] == 1,
        profile=colours.profile,
        dpi=_turned_dpi(opened.dpi, orientation),
        bit_depth=opened.bit_depth,
        source={**source, "orientation": orientation},
    )
    if colours.name is not None:
        decoded.source["profile"] = colours.name
    decoded.jpeg = find_trace(opened.luma_steps, decoded.rgb)
    select_exif(opened.exif(), keep_metadata, decoded)
    decoded.notes.extend(samples.notes)
    decoded.notes.extend(_notes_on(opened, decoded, orientation))
    return decoded


def has_no_colour(rgb: Pixels) -> bool:
    """Return whether the three channels of (H, W, 3) are equal everywhere."""
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))


def _of_type(alpha: Pixels | None, level: np.dtype[np.generic], orientation: int) -> Pixels | None:
    """Return an alpha channel upright, with as many bits as the colours have after their conversion."""
    if alpha is None:
        return None
    if alpha.dtype != level:
        alpha = as_8_bits(alpha)
    return np.ascontiguousarray(upright(alpha, orientation))


def _turned_dpi(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    return dpi if dpi is None or not is_transposed(orientation) else (dpi[1], dpi[0])


def _notes_on(opened: OpenedImage, decoded: DecodedImage, orientation: int) -> list[Note]:
    notes = []
    if orientation != 1:
        notes.append(Note("orientation_applied", {"orientation": orientation}))
    if opened.frames > 1:
        notes.append(Note("frames_dropped", {"count": opened.frames}))
    if opened.has_gain_map:
        notes.append(Note("gain_map_removed"))
    removed = [name for name in opened.metadata if not (name == "exif" and decoded.exif is not None)]
    if removed:
        notes.append(Note("metadata_removed", {"names": [name.upper() for name in removed]}))
    return notes
