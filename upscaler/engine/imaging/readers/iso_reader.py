"""AVIF and HEIC files: Pillow's readers, with the colours and the gain map that the files' boxes describe."""

from __future__ import annotations

from typing import IO

from upscaler.engine.imaging import cicp
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.iso_boxes import read_facts
from upscaler.engine.imaging.readers.base import ColourTag
from upscaler.engine.imaging.readers.pillow_reader import PillowImage
from upscaler.errors import UnsupportedLayout


class IsoImage(PillowImage):
    """An AVIF or HEIC file; arguments as of ``PillowImage``."""

    def __init__(self, file: IO[bytes], kind: ImageFormat, head: bytes) -> None:
        self._label = kind.label
        self._facts = read_facts(file)
        file.seek(0)
        super().__init__(file, kind, head)
        self.has_gain_map = self._facts.has_gain_map

    def colour_tag(self) -> ColourTag:
        """Return the ICC profile, or the colours by code points; a profile says more (ISO/IEC 23000-22, 7.3.6.4)."""
        if self._facts.codes is None:
            return super().colour_tag()
        try:
            encoding = cicp.of_codes(*self._facts.codes, video_as_srgb=True)
        except cicp.UnknownColoursError as error:
            raise UnsupportedLayout(kind=self._label, layout=str(error)) from error
        icc = super().colour_tag().icc
        return ColourTag(icc) if icc else ColourTag(encoding=encoding)
