"""What is common to the readers of image files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from PIL import Image

from upscaler.engine.imaging.cicp import Encoding
from upscaler.engine.imaging.jpeg_steps import Steps
from upscaler.engine.imaging.samples import Samples


@dataclass(frozen=True)
class ColourTag:
    """How a file describes its colours.

    Attributes:
        icc: an ICC profile, None where there is none or a description of higher rank.
        encoding: numbers in place of a profile; None means sRGB where there is no profile either.

    """

    icc: bytes | None = None
    encoding: Encoding | None = None


class OpenedImage(ABC):
    """An opened file whose pixels are not decoded yet; its first image, unless attributes say otherwise.

    Attributes:
        size: width and height in pixels as stored.
        mode: the layout in Pillow's words.
        has_alpha: whether there is transparency.
        frames: number of images in the file.
        bit_depth: bits per channel as stored.
        orientation: EXIF orientation, 1 to 8, that is still to be applied to the samples.
        dpi: resolution in dots per inch (horizontal, vertical) as stored, None where the file has none.
        metadata: names of the kinds of metadata in the file.
        has_gain_map: whether the file has a second image that makes an HDR one of the first.
        luma_steps: the quantisation steps (8, 8) of a JPEG file's luma by frequency, None where there are none.

    """

    size: tuple[int, int]
    mode: str
    has_alpha: bool
    frames: int = 1
    bit_depth: int = 8
    orientation: int = 1
    dpi: tuple[float, float] | None = None
    metadata: tuple[str, ...] = ()
    has_gain_map: bool = False
    luma_steps: Steps | None = None

    @abstractmethod
    def load(self) -> None:
        """Decode the image to its end, to prove that it is complete."""

    @abstractmethod
    def samples(self) -> Samples:
        """Decode the image."""

    @abstractmethod
    def exif(self) -> Image.Exif:
        """Return the EXIF data, empty where there is none."""

    @abstractmethod
    def colour_tag(self) -> ColourTag:
        """Return how the file describes its colours.

        Raises:
            UnsupportedLayout: they cannot be read right.

        """

    @abstractmethod
    def close(self) -> None:
        """Release what was opened; the file itself stays open."""
