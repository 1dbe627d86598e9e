"""PNG files: up to 8 bits per sample by Pillow, 16 bits by libvips, transparency and colours by the standard."""

from __future__ import annotations

import io
from typing import IO, Any

import numpy as np
from PIL import Image

from upscaler.engine.imaging import cicp
from upscaler.engine.imaging.exif import orientation_of, read_exif
from upscaler.engine.imaging.file_parts import FileParts
from upscaler.engine.imaging.icc_profile import Primaries
from upscaler.engine.imaging.image import Pixels, white_of
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.libvips import read_pixels
from upscaler.engine.imaging.png_chunks import PngChunks, read_chunks
from upscaler.engine.imaging.readers.base import ColourTag, OpenedImage
from upscaler.engine.imaging.readers.pillow_reader import samples_of
from upscaler.engine.imaging.resolution import dpi_of_exif, valid_dpi
from upscaler.engine.imaging.samples import Samples, Space
from upscaler.errors import DamagedImage, UnsupportedLayout

_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_MODES = {_GRAY: "L", _RGB: "RGB", _PALETTE: "P", _GRAY_ALPHA: "LA", _RGBA: "RGBA"}


class PngImage(OpenedImage):
    """A PNG file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat) -> None:
        self._label = kind.label
        self._chunks = read_chunks(file)
        if self._chunks.is_partial:
            raise UnsupportedLayout(kind=kind.label, layout="an animation whose first image is a part of it")
        self._exif = read_exif(self._chunks.exif)
        self._parts = io.BufferedReader(FileParts(file, self._chunks.parts))
        self.image: Any = kind.reader.load_plugin()(self._parts)
        self.size = self.image.size
        self.mode = _MODES[self._chunks.colour_type]
        self.bit_depth = self._chunks.depth
        self.has_alpha = self._chunks.transparent is not None or self.mode in ("LA", "RGBA")
        self.frames = self._chunks.frames
        self.metadata = _metadata_of(self._chunks, has_exif=bool(self._exif))

    @property
    def orientation(self) -> int:  # type: ignore[override]
        """EXIF orientation."""
        return orientation_of(self._exif)

    @property
    def dpi(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Resolution in dots per inch: of pHYs, else of EXIF."""
        return valid_dpi(self._chunks.dpi) or dpi_of_exif(self._exif)

    def load(self) -> None:
        """Decode the image to its end."""
        self.image.load()

    def samples(self) -> Samples:
        """Decode the image."""
        if self.bit_depth == 16:
            return self._deep_samples()
        self.image.load()
        if self._chunks.colour_type == _PALETTE and self._chunks.transparent is not None:
            self.image.info["transparency"] = self._chunks.transparent
            return samples_of(self.image)
        samples = samples_of(self.image)
        samples.alpha = samples.alpha if samples.alpha is not None else self._keyed(samples.colour)
        return samples

    def exif(self) -> Image.Exif:
        """Return the EXIF data."""
        return self._exif

    def colour_tag(self) -> ColourTag:
        """Return the description of the highest rank: cICP, iCCP, sRGB, then gAMA with cHRM (the standard's 4.3)."""
        chunks = self._chunks
        try:
            if chunks.codes is not None:
                return ColourTag(encoding=_encoding_of_codes(chunks.codes))
            if chunks.icc is not None or chunks.is_srgb or chunks.gamma is None:
                return ColourTag(chunks.icc)
            return ColourTag(encoding=cicp.of_gamma(chunks.gamma, _primaries_of(chunks.chromaticities)))
        except cicp.UnknownColoursError as error:
            raise UnsupportedLayout(kind=self._label, layout=str(error)) from error

    def close(self) -> None:
        """Release the decoded pixels."""
        self.image.close()

    def _deep_samples(self) -> Samples:
        pixels = read_pixels(self._parts, fail_on="truncated", unlimited=True)
        if pixels.dtype != np.uint16:
            raise DamagedImage
        channels = pixels.shape[2]
        space: Space = "gray" if channels <= 2 else "rgb"
        if channels in (2, 4):
            return Samples(pixels[..., :-1], space, pixels[..., -1])
        return Samples(pixels, space, self._keyed(pixels))

    def _keyed(self, colour: Pixels) -> Pixels | None:
        """Return the alpha channel that one transparent colour makes, None where there is none."""
        key = self._chunks.transparent
        count = {_GRAY: 1, _RGB: 3}.get(self._chunks.colour_type)
        if key is None or count is None or len(key) < 2 * count:
            return None
        values = np.frombuffer(key[: 2 * count], ">u2") & ((1 << self.bit_depth) - 1)
        if self.bit_depth < 8:
            values = values * (255 // ((1 << self.bit_depth) - 1))
        is_visible = (colour != values.astype(colour.dtype)).any(axis=2)
        alpha: Pixels = is_visible.astype(colour.dtype) * colour.dtype.type(white_of(colour))
        return alpha


def _metadata_of(chunks: PngChunks, *, has_exif: bool) -> tuple[str, ...]:
    names = {"exif": has_exif, "xmp": chunks.xmp, "text": chunks.texts}
    return tuple(name for name, is_there in names.items() if is_there)


def _encoding_of_codes(codes: tuple[int, int, int, int]) -> cicp.Encoding:
    primaries, transfer, matrix, is_full = codes
    if matrix != 0:
        raise cicp.UnknownColoursError(f"colours by the matrix {matrix}")
    if not is_full:
        raise cicp.UnknownColoursError("colours in the narrow range of video")
    return cicp.of_codes(primaries, transfer, video_as_srgb=False)


def _primaries_of(numbers: tuple[float, ...] | None) -> Primaries | None:
    """Return usable primaries, None where there are none."""
    if numbers is None:
        return None
    points = [(numbers[n], numbers[n + 1]) for n in range(0, 8, 2)]
    primaries = Primaries(*points)
    try:
        primaries.to_d50()
    except ValueError:
        return None
    return primaries
