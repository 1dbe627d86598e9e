"""RGB profiles made from primaries and a transfer curve, for files that describe their colours by numbers.

The layout is that of ICC.1:2022 (version 4.4), with matrix and parametric curves.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The profile connection space's white, and the matrix to cone responses (ICC.1:2022, Annex E: Bradford).
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_DATE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Primaries:
    """Chromaticities (x, y) of white, red, green and blue."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]

    def is_close_to(self, other: Primaries, tolerance: float = 0.001) -> bool:
        """Return whether no coordinate differs by more than ``tolerance``."""
        pairs = zip(self._values(), other._values(), strict=True)
        return all(abs(one - two) <= tolerance for one, two in pairs)

    def to_d50(self) -> NDArray[np.float64]:
        """Return the matrix (3, 3) from linear RGB to XYZ, adapted to D50.

        Raises:
            ValueError: the chromaticities do not span a triangle around a white.

        """
        corners = np.array([_xyz(*corner) for corner in (self.red, self.green, self.blue)]).T
        white = np.array(_xyz(*self.white))
        try:
            matrix = corners * np.linalg.solve(corners, white)
        except np.linalg.LinAlgError as error:
            raise ValueError("the primaries lie on a line") from error
        if not np.isfinite(matrix).all() or (matrix.sum(axis=1) <= 0).any():
            raise ValueError("the primaries do not span a white")
        cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
        adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ matrix
        return adapted

    def _values(self) -> tuple[float, ...]:
        return (*self.white, *self.red, *self.green, *self.blue)


@dataclass(frozen=True)
class Curve:
    """Transfer curve from encoded values to linear light, both 0 to 1.

    ``(scale * value + offset) ** gamma`` from ``limit`` on, ``slope * value`` below it (ICC.1:2022, 10.18, type 3).
    """

    gamma: float
    scale: float = 1.0
    offset: float = 0.0
    slope: float = 1.0
    limit: float = 0.0

    def to_linear(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return linear light for encoded values."""
        powered = np.maximum(self.scale * values + self.offset, 0.0) ** self.gamma
        return np.where(values >= self.limit, powered, self.slope * values)

    def from_linear(self, light: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return encoded values for linear light."""
        powered = (light ** (1 / self.gamma) - self.offset) / self.scale
        return np.where(light >= self.slope * self.limit, powered, light / self.slope)


SRGB_PRIMARIES = Primaries((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
# IEC 61966-2-1.
SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def build_profile(name: str, primaries: Primaries, curve: Curve) -> bytes:
    """Return a display profile, the same bytes for the same arguments.

    Args:
        name: its description, ASCII.
        primaries: of the encoding.
        curve: of all three channels.

    Raises:
        ValueError: as ``Primaries.to_d50`` does.

    """
    matrix = primaries.to_d50()
    tags: dict[bytes, bytes] = {
        b"desc": _text(name),
        b"cprt": _text("CC0"),
        b"wtpt": _xyz_tag(_D50),
        **{b"rgb"[n : n + 1] + b"XYZ": _xyz_tag(matrix[:, n]) for n in range(3)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve_tag(curve)),
    }
    body, table = b"", struct.pack(">I", len(tags))
    places: dict[bytes, int] = {}
    start = 128 + 4 + 12 * len(tags)
    for signature, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", signature, places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI3i4s",
        *(128 + len(table) + len(body), b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ", *_DATE, b"acsp", b""),
        *(0, b"", b"", 0, 0, *_fixed(_D50), b""),
    )
    return header.ljust(128, b"\0") + table + body


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    if y <= 0:
        raise ValueError("a chromaticity has no light")
    return x / y, 1.0, (1 - x - y) / y


def _fixed(values: NDArray[np.float64]) -> list[int]:
    """Return s15Fixed16 numbers."""
    return [round(float(value) * 65536) for value in values]


def _xyz_tag(values: NDArray[np.float64]) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *_fixed(values))


def _curve_tag(curve: Curve) -> bytes:
    numbers = np.array([curve.gamma, curve.scale, curve.offset, curve.slope, curve.limit])
    return struct.pack(">4sIHH5i", b"para", 0, 3, 0, *_fixed(numbers))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", len(encoded), 28) + encoded
