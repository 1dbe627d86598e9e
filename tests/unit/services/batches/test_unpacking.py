"""Archives from strangers."""

from __future__ import annotations

import random
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.zips import raw_zip
from upscaler.errors import BatchTooLarge, InvalidArchive, TooManyFiles, UpscalerError
from upscaler.services.batches.unpacking import UnpackLimits, is_archive, unpack

LIMITS = UnpackLimits(files=80, file_bytes=10_000, total_bytes=200_000)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of three files, and a folder beside it to unpack into."""
    (tmp_path / "out").mkdir()
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            packed.writestr(f"../{number}.png", f"{number}".encode() * 5000)
    return path


def out(archive: Path) -> Path:
    return archive.parent / "out"


def patch(path: Path, local: int, central: int, value: bytes) -> None:
    """Write over a field of the headers of the first file, at these offsets in the two."""
    data = bytearray(path.read_bytes())
    for start, offset in ((data.index(b"PK\x03\x04"), local), (data.index(b"PK\x01\x02"), central)):
        data[start + offset : start + offset + len(value)] = value
    path.write_bytes(data)


def test_files_come_out_under_names_of_ours(archive: Path) -> None:
    assert is_archive(archive)

    files = unpack(archive, out(archive), LIMITS)

    assert [(file.filename, file.path.read_bytes()) for file in files] == [
        (f"{number}.png", f"{number}".encode() * 5000) for number in range(3)
    ]
    assert sorted(out(archive).iterdir()) == [file.path for file in files]


def test_names_are_those_that_the_packer_had_and_junk_is_left_out(archive: Path) -> None:
    names = [
        "写真/花.png",
        "写真/",
        "Thumbs.db",
        "写真/@eaDir/花.png/thumb.jpg",
        "__MACOSX/._花.png",
        "./.DS_Store",
    ]
    archive.write_bytes(raw_zip([(name.encode("cp932"), b"x") for name in names]))

    assert [file.filename for file in unpack(archive, out(archive), LIMITS)] == ["花.png"]


def test_an_archive_of_junk_alone_holds_no_files(archive: Path) -> None:
    archive.write_bytes(raw_zip([(b"desktop.ini", b"x"), (b"folder\\", b"")]))

    with pytest.raises(InvalidArchive, match="no files in it"):
        unpack(archive, out(archive), LIMITS)


def test_an_image_with_an_archive_behind_it_is_an_image(archive: Path) -> None:
    archive.write_bytes(b"\x89PNG\r\n\x1a\n" + archive.read_bytes())

    assert zipfile.is_zipfile(archive)
    assert not is_archive(archive)


@pytest.mark.parametrize(
    ("local", "central", "value", "words"),
    [
        (6, 8, struct.pack("<H", 1), "password"),
        (8, 10, struct.pack("<H", zipfile.ZIP_BZIP2), "unsupported compression"),
        (22, 24, struct.pack("<I", 10), "damaged"),
        (14, 16, b"\0\0\0\0", "damaged"),
        (4, 6, struct.pack("<H", 99), "damaged"),
    ],
    ids=["encrypted", "another method", "false size", "false checksum", "newer version"],
)
def test_an_archive_that_is_not_plain_is_refused(
    archive: Path, local: int, central: int, value: bytes, words: str
) -> None:
    patch(archive, local, central, value)

    with pytest.raises(InvalidArchive, match=words):
        unpack(archive, out(archive), LIMITS)


def test_too_long_a_list_of_contents_is_not_read(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for number in range(70):
            entry = zipfile.ZipInfo(f"{number}.png")
            entry.comment = b"x" * 65_000
            packed.writestr(entry, b"")

    with pytest.raises(InvalidArchive, match="too many files"):
        unpack(archive, out(archive), LIMITS)


def test_bytes_count_as_they_are_read(archive: Path) -> None:
    # A header that promises less than there is does not help: 1 MB of zeros is one kilobyte packed.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"{number}.png", bytes(1_000_000))

    with pytest.raises(BatchTooLarge):
        unpack(archive, out(archive), LIMITS)

    room = UnpackLimits(files=80, file_bytes=10_000, total_bytes=1_000_000)
    files = unpack(archive, out(archive), room)
    assert all(10_000 < file.path.stat().st_size < 100_000 for file in files)


def test_files_are_counted(archive: Path) -> None:
    with pytest.raises(TooManyFiles, match="2 files"):
        unpack(archive, out(archive), UnpackLimits(files=2, file_bytes=10_000, total_bytes=200_000))


def test_no_damage_makes_another_error(archive: Path) -> None:
    whole, chance = archive.read_bytes(), random.Random(1)  # noqa: S311 - the same damage in every run
    refused = 0
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        archive.write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        with suppress(UpscalerError):
            unpack(archive, out(archive), LIMITS)
            continue
        refused += 1
    assert 50 < refused < 100
