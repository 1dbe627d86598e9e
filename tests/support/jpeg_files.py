"""JPEG files of every kind with known pixels, encoded by hand after Rec. ITU-T T.81."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from scipy.fft import dctn

SIDE, BLOCK = 61, 32
# Pixels so near to the edge of a block of colour that enlarged chroma mixes there are not compared.
MARGIN = 9
END = b"\xff\xd9"
JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\1\0\x96\0\x4b\0\0"
PROCESSES = {"baseline": 0xC0, "extended": 0xC1, "progressive": 0xC2}
# Numbers of the channels, and what stands before the frame to say what they are.
COLOURS: dict[str, tuple[str, bytes, str]] = {
    "gray": ("gray", JFIF, "\1"),
    "gray without a header": ("gray", b"", "\1"),
    "JFIF": ("ycc", JFIF, "\1\2\3"),
    "no header": ("ycc", b"", "\1\2\3"),
    "odd numbers": ("ycc", b"", "\0\1\2"),
    "JFIF and Adobe": ("ycc", JFIF + b"adobe1", "\1\2\3"),
    "Adobe YCbCr": ("ycc", b"adobe1", "\1\2\3"),
    "Adobe RGB": ("rgb", b"adobe0", "\1\2\3"),
    "letters": ("rgb", b"", "RGB"),
    "Adobe CMYK": ("cmyk", b"adobe0", "\1\2\3\4"),
    "CMYK without a header": ("cmyk", b"", "\1\2\3\4"),
    "Adobe YCCK": ("ycck", b"adobe2", "\1\2\3\4"),
}
SAMPLINGS = {
    "4:4:4": "11 11 11 11",
    "4:2:2": "21 11 11 21",
    "4:4:0": "12 11 11 12",
    "4:2:0": "22 11 11 22",
    "4:1:1": "41 11 11 41",
    "4:1:0": "42 11 11 11",
    "1:4": "14 11 11 14",
    "uneven": "22 21 12 11",
    "larger chroma": "11 21 21 11",
}
_ZIGZAG = sorted(
    itertools.product(range(8), range(8)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else -at[0]),
)
# Annex K.3: how many codes there are of each length, and what they stand for.
_DC = (bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]), bytes(range(12)))
_AC = (
    bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D]),
    bytes.fromhex(
        "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a"
        "3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a929394"
        "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8"
        "e9eaf1f2f3f4f5f6f7f8f9fa"
    ),
)


@dataclass(frozen=True)
class Case:
    """One file: names from the tables above, and how its data is laid out."""

    process: str = "baseline"
    colours: str = "JFIF"
    sampling: str = "4:4:4"
    restart: int = 0
    interleaved: bool = True
    wide_tables: bool = False


@dataclass(frozen=True)
class Written:
    """A file and what it shows: uint8 (H, W, channels) in the space "gray", "rgb" or "cmyk" with 0 for no ink."""

    content: bytes
    pixels: np.ndarray
    space: str


def cases() -> Iterator[Case]:
    """Yield every combination; those that differ in the layout of the data alone, with a few colours."""
    for process, colours, sampling in itertools.product(PROCESSES, COLOURS, SAMPLINGS):
        is_gray, is_cmyk = colours.startswith("gray"), "YCCK" in colours or "CMYK" in colours
        # A unit has ten blocks at most (B.2.3).
        if not (is_gray and sampling not in ("4:4:4", "4:2:0")) and not (is_cmyk and sampling == "4:1:0"):
            yield Case(process, colours, sampling)
    for process, sampling, restart, interleaved in itertools.product(
        PROCESSES, SAMPLINGS, (0, 1, 3), (False, True)
    ):
        yield Case(process, "JFIF", sampling, restart, interleaved)
        if sampling != "4:1:0":
            yield Case(process, "Adobe YCCK", sampling, restart, interleaved)
    for process in ("extended", "progressive"):
        yield Case(process, wide_tables=True)


def compared(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels away from the edges between blocks of colour: (H, W, channels) with 0 elsewhere."""
    place = np.arange(SIDE) % BLOCK
    inside = (place >= MARGIN) & (place < BLOCK - MARGIN)
    return np.where((inside[:, np.newaxis] & inside)[..., np.newaxis], pixels, 0)


def write(
    case: Case, *, before: bytes = b"", end: bytes = END, header: bytes | None = None, fill: int = 0
) -> Written:
    """Write a file.

    Args:
        case: what kind it is.
        before: segments before its tables.
        end: what follows the last scan.
        header: what stands in place of the header that the case has.
        fill: how many fill bytes stand before each marker.

    """
    kind, marks, numbers = COLOURS[case.colours]
    pixels, planes = _planes(kind)
    factors = [(int(pair[0]), int(pair[1])) for pair in SAMPLINGS[case.sampling].split()][: len(planes)]
    frame = _Frame(planes, factors, [ord(letter) for letter in numbers], case)
    for code in (0, 1, 2):
        marks = marks.replace(b"adobe%d" % code, adobe(code))
    segments = [
        *([marks] if header is None else [header]),
        before,
        *frame.tables(),
        *frame.header(),
        *([_segment(0xDD, struct.pack(">H", case.restart))] if case.restart else []),
        *frame.scans(),
    ]
    content = b"\xff\xd8" + b"".join(b"\xff" * fill * bool(segment) + segment for segment in segments) + end
    return Written(content, pixels, {"ycc": "rgb", "ycck": "cmyk"}.get(kind, kind))


def adobe(transform: int) -> bytes:
    """Return Adobe's segment with a code for the colour space."""
    return _segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(body)) + body


def _planes(kind: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return what is shown, and the channels as stored: uint8 (H, W) each."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    place = (y // BLOCK) * 2 + x // BLOCK
    light = np.rint(60 + 100 * x / SIDE + 40 * np.sin(y / 3)).astype(np.uint8)
    if kind == "gray":
        return light[..., np.newaxis], [light]
    blue, red = np.array([90, 128, 170, 110])[place], np.array([150, 100, 128, 140])[place]
    black = np.array([20, 60, 0, 100])[place].astype(np.uint8)
    if kind in ("rgb", "cmyk"):
        shown = np.dstack([np.array([200, 90, 30, 128])[place], blue, red]).astype(np.uint8)
        shown = shown if kind == "rgb" else np.dstack([shown, black])
        stored = shown if kind == "rgb" else 255 - shown
        return shown, list(stored.transpose(2, 0, 1))
    colours = _from_ycc(light, blue, red)
    if kind == "ycc":
        return colours, [light, blue.astype(np.uint8), red.astype(np.uint8)]
    # Adobe stores inks inverted, both before the conversion to YCCK and after it: the conversion's own is undone.
    return np.dstack([colours, black]), [light, blue.astype(np.uint8), red.astype(np.uint8), 255 - black]


def _from_ycc(light: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W, 3) by the equations of JFIF 1.02."""
    cb, cr = blue - 128.0, red - 128.0
    rgb = np.dstack([light + 1.402 * cr, light - 0.344136 * cb - 0.714136 * cr, light + 1.772 * cb])
    return np.rint(rgb).clip(0, 255).astype(np.uint8)


class _Frame:
    """A frame with the coefficients of its channels."""

    def __init__(
        self, planes: list[np.ndarray], factors: list[tuple[int, int]], numbers: list[int], case: Case
    ) -> None:
        self._case = case
        self._numbers = numbers
        self._factors = factors
        self._widest = max(across for across, _ in factors)
        self._tallest = max(down for _, down in factors)
        self._units = (ceil(SIDE / (8 * self._widest)), ceil(SIDE / (8 * self._tallest)))
        self._blocks = [
            self._transformed(plane, *factor) for plane, factor in zip(planes, factors, strict=True)
        ]

    def tables(self) -> list[bytes]:
        """Return the tables: quantisation by 1, and the same Huffman codes for all."""
        ones = struct.pack(">64H", *[1] * 64) if self._case.wide_tables else bytes([1] * 64)
        return [
            _segment(0xDB, bytes([0x10 if self._case.wide_tables else 0]) + ones),
            _segment(0xC4, b"\0" + _DC[0] + _DC[1]),
            _segment(0xC4, b"\x10" + _AC[0] + _AC[1]),
        ]

    def header(self) -> list[bytes]:
        """Return the frame's header."""
        channels = b"".join(
            bytes([number, across << 4 | down, 0])
            for number, (across, down) in zip(self._numbers, self._factors, strict=True)
        )
        body = struct.pack(">BHHB", 8, SIDE, SIDE, len(self._numbers)) + channels
        return [_segment(PROCESSES[self._case.process], body)]

    def scans(self) -> list[bytes]:
        """Return the scans with their headers."""
        channels = list(range(len(self._numbers)))
        groups = [channels] if self._case.interleaved else [[channel] for channel in channels]
        if self._case.process != "progressive":
            return [self._scan(group, 0, 63, 0, 0) for group in groups]
        coarse = [self._scan(group, 0, 0, 0, 1) for group in groups]
        fine = [self._scan(group, 0, 0, 1, 0) for group in groups]
        details = [
            self._scan([channel], first, last, 0, 0)
            for channel in channels
            for first, last in ((1, 5), (6, 63))
        ]
        return [*coarse, *fine, *details]

    def _transformed(self, plane: np.ndarray, across: int, down: int) -> np.ndarray:
        """Return coefficients of a channel in its own size: int (rows of blocks, columns of blocks, 64)."""
        step_x, step_y = self._widest // across, self._tallest // down
        size = (self._units[1] * self._tallest * 8, self._units[0] * self._widest * 8)
        padding = ((0, size[0] - SIDE), (0, size[1] - SIDE))
        whole = np.pad(plane.astype(float), padding, mode="edge")
        small = whole.reshape(size[0] // step_y, step_y, size[1] // step_x, step_x).mean(axis=(1, 3))
        blocks = (small - 128).reshape(small.shape[0] // 8, 8, -1, 8).transpose(0, 2, 1, 3)
        spectrum = np.rint(dctn(blocks, axes=(2, 3), norm="ortho")).astype(int)
        return np.stack([spectrum[..., row, column] for row, column in _ZIGZAG], axis=-1)

    def _scan(self, channels: list[int], first: int, last: int, high: int, low: int) -> bytes:
        body = bytes([len(channels)]) + b"".join(bytes([self._numbers[channel], 0]) for channel in channels)
        writer = _Bits()
        predicted = dict.fromkeys(channels, 0)
        for number, unit in enumerate(self._order(channels)):
            if self._case.restart and number and number % self._case.restart == 0:
                writer.restart(number // self._case.restart - 1)
                predicted = dict.fromkeys(channels, 0)
            for channel, block in unit:
                if first == 0:
                    value = int(block[0]) >> low
                    if high:
                        writer.put(value & 1, 1)
                    else:
                        writer.put_number(_DC_CODES, 0, value - predicted[channel])
                        predicted[channel] = value
                if last and not (first == 0 and self._case.process == "progressive"):
                    writer.put_details(block[max(1, first) : last + 1])
        return _segment(0xDA, body + bytes([first, last, high << 4 | low])) + writer.content()

    def _order(self, channels: list[int]) -> Iterator[list[tuple[int, np.ndarray]]]:
        """Yield the blocks in the order of a scan: units of all channels, or the blocks of one channel alone."""
        if len(channels) == 1:
            blocks = self._blocks[channels[0]]
            across, down = self._factors[channels[0]]
            # A scan of one channel has no more blocks than the channel needs.
            columns = ceil(ceil(SIDE * across / self._widest) / 8)
            rows = ceil(ceil(SIDE * down / self._tallest) / 8)
            for row, column in itertools.product(range(rows), range(columns)):
                yield [(channels[0], blocks[row, column])]
            return
        for row, column in itertools.product(range(self._units[1]), range(self._units[0])):
            yield [
                (channel, self._blocks[channel][row * down + y, column * across + x])
                for channel in channels
                for across, down in [self._factors[channel]]
                for y, x in itertools.product(range(down), range(across))
            ]


def _codes(table: tuple[bytes, bytes]) -> dict[int, tuple[int, int]]:
    """Return code and length of each symbol (annex C)."""
    codes, code, symbols = {}, 0, iter(table[1])
    for length, count in enumerate(table[0], 1):
        for _ in range(count):
            codes[next(symbols)] = (code, length)
            code += 1
        code <<= 1
    return codes


_DC_CODES, _AC_CODES = _codes(_DC), _codes(_AC)


class _Bits:
    """Entropy-coded data while it is written."""

    def __init__(self) -> None:
        self._done = b""
        self._number = self._length = 0

    def put(self, value: int, length: int) -> None:
        """Add the lowest bits of a number."""
        self._number = self._number << length | value & ((1 << length) - 1)
        self._length += length

    def put_number(self, codes: dict[int, tuple[int, int]], run: int, value: int) -> None:
        """Add a number behind the code of its size."""
        size = abs(value).bit_length()
        self.put(*codes[run << 4 | size])
        self.put(value if value >= 0 else value - 1, size)

    def put_details(self, values: np.ndarray) -> None:
        """Add coefficients, with the runs of zeros before each."""
        run = 0
        for value in map(int, values):
            if not value:
                run += 1
                continue
            while run > 15:
                self.put(*_AC_CODES[0xF0])
                run -= 16
            self.put_number(_AC_CODES, run, value)
            run = 0
        if run:
            self.put(*_AC_CODES[0])

    def restart(self, number: int) -> None:
        """End an interval."""
        self._done = self.content() + bytes([0xFF, 0xD0 + number % 8])
        self._number = self._length = 0

    def content(self) -> bytes:
        """Return all, the last byte filled up with ones, and zeros behind each 0xFF."""
        spare = -self._length % 8
        number = self._number << spare | (1 << spare) - 1
        data = number.to_bytes((self._length + spare) // 8, "big")
        return self._done + data.replace(b"\xff", b"\xff\0")


def with_lines_behind(case: Case) -> bytes:
    """Return a file whose height stands behind the first scan."""
    content = write(replace(case, process="baseline")).content
    at = content.index(b"\xff\xc0")
    content = content[: at + 5] + b"\0\0" + content[at + 7 : -2]
    return content + _segment(0xDC, struct.pack(">H", SIDE)) + END
