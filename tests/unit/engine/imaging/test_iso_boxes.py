"""Boxes of AVIF and HEIC files: items, their places and properties, and tracks."""

from __future__ import annotations

import io
import random
import struct

import pytest
from PIL import Image

from tests.support.iso_files import HIDDEN, Item, box, full_box, irot, ispe, join, nclx
from upscaler.engine.imaging.iso_boxes import read_boxes
from upscaler.errors import DamagedImage

ITEMS = [
    Item(b"av01", b"first", [ispe(4, 3), nclx(12, 13, 6), irot(1)], [(b"cdsc", [2]), (b"dimg", [2, 3])]),
    Item(b"mime", b"<x/>", flags=HIDDEN, extra=b"application/rdf+xml\0"),
    Item(b"Exif", b"\0\0\0\0II*\0"),
]


def index_of(content: bytes):
    return read_boxes(io.BytesIO(content))


def wide_file() -> bytes:
    """Return a file whose boxes are of the versions with long numbers, with content in the index itself."""
    info = full_box(b"infe", struct.pack(">IH4s", 70_000, 0, b"av01"), b"\0", version=3)
    location = struct.pack(">IHHIHII", 70_000, 1, 0, 100, 1, 2, 3)
    return box(b"ftyp", b"avif", bytes(4), b"avif") + full_box(
        b"meta",
        full_box(b"pitm", struct.pack(">I", 70_000), version=1),
        full_box(b"iloc", b"\x44\x40", struct.pack(">I", 1), location, version=2),
        full_box(b"iinf", struct.pack(">I", 1), info, version=1),
        full_box(b"iref", box(b"auxl", struct.pack(">IHI", 70_000, 1, 9)), version=1),
        box(
            b"iprp",
            box(b"ipco", ispe(4, 3), irot(1)),
            full_box(b"ipma", struct.pack(">IIBBB", 1, 70_000, 2, 0x81, 0x02), version=1),
        ),
        box(b"idat", bytes(range(120))),
    )


def test_items_are_read_with_all_that_describes_them():
    index = index_of(join(ITEMS, [b"avif", b"mif1"], primary=1))
    assert (index.brand, index.primary, len(index.items)) == (b"avif", 1, 3)
    first, second, _ = (index.items[number] for number in (1, 2, 3))
    assert [kind for kind, _ in first.properties] == [b"ispe", b"colr", b"irot"]
    assert first.refers == {b"cdsc": [2], b"dimg": [2, 3]}
    assert (first.is_hidden, second.is_hidden) == (False, True)
    assert second.content_type == b"application/rdf+xml"


def test_content_is_found_in_the_file():
    content = join(ITEMS, [b"avif", b"mif1"])
    index = index_of(content)
    contents = [index.content(io.BytesIO(content), index.items[number], 1000) for number in (1, 2, 3)]
    assert contents == [b"first", b"<x/>", b"\0\0\0\0II*\0"]
    assert index.content(io.BytesIO(content), index.items[1], 3) == b"fir"


def test_long_numbers_and_content_in_the_index_are_read():
    index = index_of(wide_file())
    item = index.items[70_000]
    assert (index.primary, item.kind, item.refers) == (70_000, b"av01", {b"auxl": [9]})
    assert [kind for kind, _ in item.properties] == [b"ispe", b"irot"]
    assert index.content(io.BytesIO(), item, 100) == bytes([102, 103, 104])


def test_long_boxes_are_read():
    content = join(ITEMS, [b"avif"])
    start = content.index(b"meta") - 4
    (size,) = struct.unpack_from(">I", content, start)
    long = content[:start] + struct.pack(">I4sQ", 1, b"meta", size + 8) + content[start + 8 :]
    assert len(index_of(long).items) == 3


def test_tracks_of_a_sequence_are_read():
    buffer = io.BytesIO()
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "blue", "green")]
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:])
    index = index_of(buffer.getvalue())
    assert index.brand == b"avis"
    main, alpha = index.tracks
    assert (main.handler, main.size, main.is_upright) == (b"pict", (40, 30), True)
    assert (main.coding, main.samples, alpha.handler) == (b"av01", 3, b"auxv")
    assert b"av1C" in [kind for kind, _ in main.boxes]


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x08ftyp", join([], [b"avif"])])
def test_a_file_without_items_has_none(content):
    assert index_of(content).items == {}


def test_damage_raises_nothing_else():
    sources = [join(ITEMS, [b"avif", b"mif1"]), wide_file()]
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(
        buffer, "AVIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]
    )
    sources.append(buffer.getvalue()[:1200])
    chance = random.Random(3)  # noqa: S311 - the same damage each time
    for _ in range(3000):
        damaged = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            index_of(bytes(damaged[: chance.randint(0, len(damaged))]))
        except DamagedImage:
            continue
