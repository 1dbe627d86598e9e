from __future__ import annotations

import pytest

from upscaler.engine.imaging.camera_raw import refuse_camera_raw
from upscaler.errors import UnsupportedImage


@pytest.mark.parametrize("name", ["a.dng", "IMG_1.CR2", "folder\\x.nef", "/home/a.b.arw"])
def test_a_tiff_named_as_a_raw_image_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedImage, match="raw image"):
        refuse_camera_raw(name, "tiff")


@pytest.mark.parametrize(("name", "format_name"), [("a.tiff", "tiff"), ("dng", "tiff"), ("a.dng", "png")])
def test_other_files_are_not(name: str, format_name: str) -> None:
    refuse_camera_raw(name, format_name)
