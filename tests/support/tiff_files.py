"""TIFF files of every layout with known samples, written by hand after TIFF 6.0 and its supplements."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import imagecodecs
import numpy as np

WIDTH, HEIGHT = 37, 21
ROWS_PER_STRIP, TILE = 8, 16
PHOTOMETRICS = {"white": 0, "black": 1, "rgb": 2, "palette": 3, "cmyk": 5, "lab": 8}
COMPRESSIONS = {
    "none": 1,
    "lzw": 5,
    "deflate": 8,
    "old deflate": 32946,
    "packbits": 32773,
    "lzma": 34925,
    "zstd": 50000,
}
UNSPECIFIED, PREMULTIPLIED, STRAIGHT = 0, 1, 2
_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Case:
    """One layout: ``kind`` is u for unsigned, i for signed, f for floating-point samples."""

    photometric: str
    bits: int
    kind: str = "u"
    planar: bool = False
    extras: tuple[int, ...] = ()
    compression: str = "none"
    predictor: int = 1
    tiled: bool = False
    big_endian: bool = False
    bigtiff: bool = False
    reversed_bits: bool = False

    def __str__(self) -> str:
        """Return a name for test reports."""
        flags = [
            name
            for name in ("planar", "tiled", "big_endian", "bigtiff", "reversed_bits")
            if getattr(self, name)
        ]
        parts = [f"{self.photometric}{self.bits}{self.kind}", self.compression, f"p{self.predictor}", *flags]
        return "-".join([*parts, "x" + "".join(map(str, self.extras))] if self.extras else parts)


@dataclass(frozen=True)
class Written:
    """A file and what it shows: fractions (H, W, channels) of colour, (H, W) of alpha."""

    content: bytes
    colour: np.ndarray
    alpha: np.ndarray | None


def scene() -> np.ndarray:
    """Return fractions (H, W, 3): smooth shapes and edges."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    waves = 120 + 100 * np.sin(x / 5) * np.cos(y / 4)
    colours = np.stack([20 + 220 * x / (WIDTH - 1), 40 + 190 * y / (HEIGHT - 1), waves], -1)
    colours[4:9, 5:12] = (210, 60, 50)
    colours[12:18, 20:30] = (30, 90, 200)
    return np.rint(colours) / 255


def base_cases() -> Iterator[Case]:
    """Yield every combination of what changes the meaning of samples."""
    depths = [*(("u", bits) for bits in (*range(1, 17), 24, 32)), *(("i", bits) for bits in (8, 16, 32))]
    for photometric in PHOTOMETRICS:
        for kind, bits in [*depths, ("f", 16), ("f", 32), ("f", 64)]:
            if photometric == "palette" and (kind, bits) not in {
                ("u", 1),
                ("u", 2),
                ("u", 4),
                ("u", 8),
                ("u", 16),
            }:
                continue
            if photometric == "lab" and (kind, bits) not in {("u", 8), ("u", 16)}:
                continue
            for extras in ((), (0,), (1,), (2,), (0, 2), (2, 0), (0, 0)):
                for planar in (False, True):
                    yield Case(photometric, bits, kind, planar, extras)


def stored_variants(case: Case) -> Iterator[Case]:
    """Yield every way to store a case's samples that the standard allows."""
    predictors = (
        {1}
        | ({3} if case.kind == "f" else set())
        | ({2} if case.kind != "f" and case.bits in (8, 16, 32) else set())
    )
    for compression in COMPRESSIONS:
        for predictor in predictors if compression not in ("none", "packbits") else {1}:
            for flags in range(16):
                tiled, big_endian, bigtiff, reversed_bits = (bool(flags >> bit & 1) for bit in range(4))
                yield replace(
                    case,
                    compression=compression,
                    predictor=predictor,
                    tiled=tiled,
                    big_endian=big_endian,
                    bigtiff=bigtiff,
                    reversed_bits=reversed_bits,
                )


def write(case: Case) -> Written:
    """Write the scene in a layout."""
    stored, colour, alpha, table = _samples(case)
    planes = [stored[..., n : n + 1] for n in range(stored.shape[2])] if case.planar else [stored]
    blocks = [block for plane in planes for block in (_tiles(plane) if case.tiled else _strips(plane))]
    segments = [_compressed(_packed(block, case), case, block.shape[0]) for block in blocks]
    tags = _tags(case, stored.shape[2], table)
    return Written(_file(case, tags, segments), colour, alpha)


def _samples(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return samples as stored (H, W, n), what they show, alpha, and the table of a palette."""
    rgb = scene()
    gray = (rgb @ _LUMA)[..., np.newaxis]
    opacity = np.ones((HEIGHT, WIDTH))
    opacity[:, WIDTH // 2 :] = 128 / 255
    opacity[3:6, 3:6] = 64 / 255
    if case.bits == 1:
        opacity = np.rint(opacity)
    ink = 0.5 * (1 - rgb.max(-1, keepdims=True))
    colour = {
        "white": gray,
        "black": gray,
        "palette": gray,
        "rgb": rgb,
        "lab": rgb,
        "cmyk": np.concatenate([(1 - rgb - ink).clip(0, 1), ink], -1),
    }[case.photometric]
    top = 1.0 if case.kind == "f" else float(2 ** (case.bits - (case.kind == "i")) - 1)

    def quantised(values: np.ndarray) -> np.ndarray:
        if case.kind == "f":
            return values.astype(f"f{case.bits // 8}").astype(np.float64)
        return np.rint(values * top)

    kinds = [kind for kind in case.extras if kind in (PREMULTIPLIED, STRAIGHT)][:1]
    table = None
    if case.photometric == "palette":
        stored = quantised(colour)
        part = np.arange(2**case.bits) / (2**case.bits - 1)
        rows = np.rint(np.stack([part, 1 - part, np.abs(2 * part - 1)], -1) * 65535)
        shown, table = rows[stored[..., 0].astype(int)] / 65535, rows.T.reshape(-1)
    else:
        light = 1 - colour if case.photometric == "white" else colour
        premultiplied = kinds == [PREMULTIPLIED]
        stored = quantised(light * opacity[..., np.newaxis] if premultiplied else light)
        shown = stored / top
        if premultiplied:
            divisor = quantised(opacity)[..., np.newaxis] / top
            shown = np.divide(shown, divisor, out=np.zeros_like(shown), where=divisor > 0).clip(0, 1)
        shown = 1 - shown if case.photometric == "white" else shown
    used = False
    for kind in case.extras:
        is_alpha = kind in (PREMULTIPLIED, STRAIGHT) and not used
        used = used or is_alpha
        stored = np.concatenate(
            [stored, quantised(opacity if is_alpha else 1 - gray[..., 0])[..., np.newaxis]], -1
        )
    return stored, shown, quantised(opacity) / top if kinds else None, table


def _strips(plane: np.ndarray) -> list[np.ndarray]:
    return [plane[row : row + ROWS_PER_STRIP] for row in range(0, HEIGHT, ROWS_PER_STRIP)]


def _tiles(plane: np.ndarray) -> list[np.ndarray]:
    padding = ((0, -HEIGHT % TILE), (0, -WIDTH % TILE), (0, 0))
    whole = np.pad(plane, padding, mode="edge")
    rows, columns = range(0, whole.shape[0], TILE), range(0, whole.shape[1], TILE)
    return [whole[y : y + TILE, x : x + TILE] for y in rows for x in columns]


def _packed(block: np.ndarray, case: Case) -> bytes:
    """Return the bytes of a strip or tile before compression."""
    height, _, channels = block.shape
    order = ">" if case.big_endian else "<"
    if case.kind == "f":
        size = case.bits // 8
        if case.predictor != 3:
            return block.astype(f"{order}f{size}").tobytes()
        # Adobe's TIFF Technical Note 3: the bytes of a row by significance, then differences.
        rows = block.astype(f">f{size}").reshape(height, -1).view(np.uint8).reshape(height, -1, size)
        planes = rows.transpose(0, 2, 1).reshape(height, -1)
        planes[:, channels:] -= planes[:, :-channels].copy()
        return planes.tobytes()
    if case.bits in (8, 16, 32):
        values = block.astype(np.int64).astype(f"u{case.bits // 8}")
        if case.predictor == 2:
            values[:, 1:] -= values[:, :-1].copy()
        return values.astype(f"{order}u{case.bits // 8}").tobytes()
    places = np.arange(case.bits - 1, -1, -1)
    bits = (block.astype(np.int64).reshape(height, -1, 1) >> places & 1).astype(np.uint8)
    return np.packbits(bits.reshape(height, -1), axis=1).tobytes()


def _compressed(data: bytes, case: Case, rows: int) -> bytes:
    row_bytes = len(data) // rows
    lines = [data[start : start + row_bytes] for start in range(0, len(data), row_bytes)]
    encoders = {
        "none": lambda: data,
        "lzw": lambda: imagecodecs.lzw_encode(data),
        "deflate": lambda: imagecodecs.zlib_encode(data),
        "old deflate": lambda: imagecodecs.zlib_encode(data),
        "packbits": lambda: b"".join(imagecodecs.packbits_encode(line) for line in lines),
        "lzma": lambda: imagecodecs.lzma_encode(data),
        "zstd": lambda: imagecodecs.zstd_encode(data),
    }
    compressed = bytes(encoders[case.compression]())
    if case.reversed_bits:
        bits = np.unpackbits(np.frombuffer(compressed, np.uint8).reshape(-1, 1), axis=1)
        compressed = np.packbits(bits[:, ::-1], axis=1).tobytes()
    return compressed


def _tags(case: Case, channels: int, table: np.ndarray | None) -> dict[int, list[int]]:
    tags = {
        256: [WIDTH],
        257: [HEIGHT],
        258: [case.bits] * channels,
        259: [COMPRESSIONS[case.compression]],
        262: [PHOTOMETRICS[case.photometric]],
        277: [channels],
        284: [2 if case.planar else 1],
        339: [_SAMPLE_FORMATS[case.kind]] * channels,
    }
    tags |= {322: [TILE], 323: [TILE]} if case.tiled else {278: [ROWS_PER_STRIP]}
    tags |= {266: [2]} if case.reversed_bits else {}
    tags |= {317: [case.predictor]} if case.predictor != 1 else {}
    tags |= {320: [int(value) for value in table]} if table is not None else {}
    tags |= {338: list(case.extras)} if case.extras else {}
    return tags


def _file(case: Case, tags: dict[int, list[int]], segments: list[bytes]) -> bytes:
    """Return header, one directory, long values and segments."""
    order = ">" if case.big_endian else "<"
    place, count, entry, inline = ("Q", "Q", "HHQ", 8) if case.bigtiff else ("I", "H", "HHI", 4)
    magic = struct.pack(order + "HHHQ", 43, 8, 0, 16) if case.bigtiff else struct.pack(order + "HI", 42, 8)
    header = (b"MM" if case.big_endian else b"II") + magic
    offsets_tag, counts_tag = (324, 325) if case.tiled else (273, 279)
    whole = {**tags, offsets_tag: [0] * len(segments), counts_tag: [len(data) for data in segments]}
    entry_size = struct.calcsize(order + entry) + inline
    values_at = (
        len(header)
        + struct.calcsize(order + count)
        + entry_size * len(whole)
        + struct.calcsize(order + place)
    )

    def directory(offsets: list[int]) -> bytes:
        body, values = struct.pack(order + count, len(whole)), b""
        for tag, numbers in sorted({**whole, offsets_tag: offsets}.items()):
            is_long = tag in (offsets_tag, counts_tag)
            raw = struct.pack(f"{order}{len(numbers)}{'I' if is_long else 'H'}", *numbers)
            body += struct.pack(order + entry, tag, 4 if is_long else 3, len(numbers))
            if len(raw) <= inline:
                body += raw.ljust(inline, b"\0")
            else:
                body += struct.pack(order + place, values_at + len(values))
                values += raw + bytes(len(raw) % 2)
        return body + struct.pack(order + place, 0) + values

    start = len(header) + len(directory([0] * len(segments)))
    offsets = [start + sum(map(len, segments[:number])) for number in range(len(segments))]
    return header + directory(offsets) + b"".join(segments)
