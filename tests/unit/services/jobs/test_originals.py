"""Damaged originals, on a disk and in a bucket."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from config import load
from upscaler.errors import StorageUnavailable, StoredFileDamaged
from upscaler.services.files.storages import build_storage
from upscaler.services.jobs.originals import READS, Original, fetch_original
from upscaler.storage import Storage
from upscaler.storage.s3 import PART_BYTES

KEY = "uploads/ab/upl_ab.png"
# More than one part of a bucket's download.
CONTENT = bytes(range(256)) * (PART_BYTES // 256 + 1)
ORIGINAL = Original(KEY, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    settings = {"DATA_DIR": str(tmp_path / "data")}
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        settings |= server.environment(server.empty_bucket())
    return build_storage(load(settings, env_file=None), "worker")


def keep(storage: Storage, content: bytes, folder: Path) -> None:
    (folder / "sent").write_bytes(content)
    storage.save(KEY, folder / "sent")


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_sound_original_is_read_once(storage: Storage, tmp_path: Path) -> None:
    keep(storage, CONTENT, tmp_path)
    reads: list[str] = []

    def fetch(key: str, target: Path) -> str:
        reads.append(key)
        return storage.fetch(key, target)

    fetch_original(fetch, ORIGINAL, tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert reads == [KEY]


@pytest.mark.parametrize("damage", [flipped, lambda content: content[:-1], lambda content: content + b"0"])
def test_other_bytes_are_reported_with_both_hashes_after_one_more_read(
    storage: Storage, tmp_path: Path, damage: object
) -> None:
    damaged: bytes = damage(CONTENT)  # type: ignore[operator]
    keep(storage, damaged, tmp_path)
    reads: list[str] = []

    def fetch(key: str, target: Path) -> str:
        reads.append(key)
        return storage.fetch(key, target)

    with pytest.raises(StoredFileDamaged) as raised:
        fetch_original(fetch, ORIGINAL, tmp_path / "copy")

    assert len(reads) == READS == 2
    assert raised.value.detail == "The stored file is damaged. Upload it again."
    assert raised.value.values["storage_key"] == KEY
    assert raised.value.values["expected_sha256"] == ORIGINAL.sha256
    assert raised.value.values["found_sha256"] == hashlib.sha256(damaged).hexdigest()
    assert f"{len(damaged)} bytes" in raised.value.internal_detail


def test_a_missing_file_is_reported_without_another_read(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StoredFileDamaged) as raised:
        fetch_original(storage.fetch, ORIGINAL, tmp_path / "copy")

    assert raised.value.values["found_sha256"] == "no file"


def test_a_copy_that_was_damaged_on_its_way_is_made_again(storage: Storage, tmp_path: Path) -> None:
    keep(storage, CONTENT, tmp_path)
    reads: list[str] = []

    def fetch(key: str, target: Path) -> str:
        found = storage.fetch(key, target)
        reads.append(found)
        return "another hash" if len(reads) == 1 else found

    fetch_original(fetch, ORIGINAL, tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_a_storage_that_is_away_is_no_damage(tmp_path: Path) -> None:
    def fetch(key: str, target: Path) -> str:
        raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        fetch_original(fetch, ORIGINAL, tmp_path / "copy")
