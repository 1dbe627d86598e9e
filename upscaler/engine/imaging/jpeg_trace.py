"""What is known of the JPEG compression that an image went through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JpegTrace:
    """JPEG compression that an image went through.

    Attributes:
        quality: the libjpeg quality, 1 to 100, whose steps are nearest.
        seen_in: "file" where the file's own tables say so, "pixels" where the pixels do, "whole" where those of the
            image do that this one is a piece of.

    """

    quality: int
    seen_in: str
