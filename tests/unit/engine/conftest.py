"""Images, colour profiles and models for the tests of the engine."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from upscaler.engine.imaging.formats import INPUT_MIME_TYPES
from upscaler.engine.imaging.inspection import InspectionLimits
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler


@pytest.fixture
def limits() -> InspectionLimits:
    return InspectionLimits(
        allowed_mimes=INPUT_MIME_TYPES,
        max_side=8000,
        max_pixels=25_000_000,
    )


@pytest.fixture
def colours() -> Callable[[int, int], np.ndarray]:
    """Return a maker of uint8 (H, W, 3): a different ramp in each channel, so that any mix-up shows."""

    def make(width: int, height: int) -> np.ndarray:
        across = np.linspace(10, 240, width)[np.newaxis, :]
        down = np.linspace(30, 200, height)[:, np.newaxis]
        channels = np.broadcast_arrays(across, down, (across[:, ::-1] + down) / 2)
        return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of images into the test's folder."""

    def write(name: str, image: Image.Image | np.ndarray, **options: Any) -> Path:
        path = tmp_path / name
        photo = Image.fromarray(image) if isinstance(image, np.ndarray) else image
        photo.save(path, **options)
        return path

    return write


@pytest.fixture(scope="session")
def lanczos() -> Upscaler:
    return Upscaler(EngineSettings(engine="lanczos", threads=1))


@pytest.fixture(scope="session")
def upscaler() -> Iterator[Upscaler]:
    return Upscaler(EngineSettings(threads=1))


@pytest.fixture(scope="session")
def wide_profile() -> bytes:
    """Return sRGB's profile with a redder red and a greener green: valid, and not sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, xyz in (
        (b"rXYZ", (0.55, 0.26, 0.0)),
        (b"gXYZ", (0.27, 0.67, 0.07)),
        (b"bXYZ", (0.1442, 0.07, 0.7549)),
    ):
        entry = profile.index(tag, 128)
        offset = struct.unpack_from(">I", profile, entry + 4)[0]
        profile[offset + 8 : offset + 20] = b"".join(_fixed(value) for value in xyz)
    return bytes(profile)


@pytest.fixture(scope="session")
def gray_profile() -> bytes:
    """Return a gray profile whose light is linear, so that a conversion to sRGB shows."""
    linear = b"curv" + bytes(4) + struct.pack(">I", 0)
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": linear})


@pytest.fixture(scope="session")
def cmyk_profile() -> bytes:
    """Return a CMYK profile in which cyan ink prints as red: nobody converts that right by chance."""
    ramp = bytes(range(256))
    table = bytearray()
    for corner in range(16):
        cyan, others = corner & 8, corner & 7
        lightness, a, b = (255, 128, 128) if not corner else (0, 128, 128)
        if cyan and not others:
            lightness, a, b = 138, 128 + 80, 128 + 67  # sRGB's red in Lab
        table += bytes((lightness, a, b))
    identity = b"".join(_fixed(1.0 if index % 4 == 0 else 0.0) for index in range(9))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + ramp * 4 + bytes(table) + ramp * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut})


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Build an ICC profile of version 2.4 for a printer."""
    name = b"Test profile\0"
    white = b"XYZ " + bytes(4) + _fixed(0.9642) + _fixed(1.0) + _fixed(0.8249)
    described = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78)
    everything = {b"desc": described, b"cprt": b"text" + bytes(4) + b"None\0", b"wtpt": white, **tags}
    offset = 128 + 4 + 12 * len(everything)
    table, body = struct.pack(">I", len(everything)), b""
    for tag, data in everything.items():
        padded = data + bytes(-len(data) % 4)
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += padded
    header = bytearray(128)
    struct.pack_into(">I", header, 0, offset + len(body))
    header[8:12] = b"\x02\x40\x00\x00"
    header[12:16], header[16:20], header[20:24], header[36:40] = b"prtr", space, connection, b"acsp"
    header[68:80] = white[8:]
    return bytes(header) + table + body
