from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest
import pyvips
from PIL import ImageCms

from upscaler.engine.imaging.libvips import error_of, srgb_profile
from upscaler.errors import EngineError, StorageFull


def test_the_profile_is_srgb_and_the_same_each_time() -> None:
    profile = srgb_profile()

    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert ImageCms.getProfileDescription(opened).strip() == "sRGB"
    assert profile == srgb_profile()
    assert len(profile) == 480


def test_a_full_disk_has_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(pyvips.Error) as caught:
        pyvips.Image.black(1, 1).write_to_file(str(tmp_path / "absent" / "a.png"))

    assert type(error_of(caught.value)) is EngineError
    assert isinstance(error_of(pyvips.Error("write", os.strerror(errno.ENOSPC))), StorageFull)
