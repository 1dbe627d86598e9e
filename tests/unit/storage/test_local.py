"""What is particular to a disk; ``test_contract`` has what every storage does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import load
from tests.support.disks import filled_up, small_disk
from upscaler.errors import StorageFull, StorageUnavailable
from upscaler.storage import LocalStorage
from upscaler.storage.local import disk_free_percent, from_settings

KEY = "uploads/ab/upl_abc.png"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"0123456789" * 100_000)
    return path


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[LocalStorage]:
    """A storage on a disk of its own, where a move is a copy."""
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        storage = LocalStorage(disk / "files")
        storage.check()
        yield storage


def test_it_lies_in_the_folder_of_the_settings(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)

    storages = [from_settings(config, role) for role in ("web", "worker")]

    assert [storage.root for storage in storages] == [tmp_path / "files"] * 2
    assert storages[0].location == str(tmp_path / "files")


def test_on_the_same_disk_a_file_is_moved_and_not_copied(tmp_path: Path, source: Path) -> None:
    number = source.stat().st_ino

    LocalStorage(tmp_path / "files").save(KEY, source)

    assert (tmp_path / "files" / KEY).stat().st_ino == number
    assert not source.exists()


def test_from_another_disk_a_file_is_copied_whole(other_disk: LocalStorage, source: Path) -> None:
    content = source.read_bytes()

    other_disk.save(KEY, source)

    assert (other_disk.root / KEY).read_bytes() == content
    assert not source.exists()
    assert os.listdir((other_disk.root / KEY).parent) == ["upl_abc.png"]  # noqa: PTH208 - names are all that is wanted


def test_on_a_full_disk_no_half_of_a_file_appears_and_the_source_stays(
    other_disk: LocalStorage, source: Path
) -> None:
    with filled_up(other_disk.root.parent, spare_bytes=500_000), pytest.raises(StorageFull):
        other_disk.save(KEY, source)

    assert source.stat().st_size == 1_000_000
    assert other_disk.used_bytes() == 0


def test_a_folder_that_cannot_be_written_to_is_an_outage(tmp_path: Path, source: Path) -> None:
    (tmp_path / "blocked").touch()
    storage = LocalStorage(tmp_path / "blocked")

    for call in (storage.check, storage.used_bytes, lambda: storage.save(KEY, source)):
        with pytest.raises(StorageUnavailable):
            call()
    assert source.stat().st_size == 1_000_000


def test_a_link_to_a_file_elsewhere_takes_no_room(tmp_path: Path, source: Path) -> None:
    storage = LocalStorage(tmp_path / "files")
    assert storage.used_bytes() == 0
    (tmp_path / "files" / "linked").symlink_to(source)
    (tmp_path / "files" / "folder").symlink_to(tmp_path)

    assert storage.used_bytes() == 0


def test_the_room_that_is_left_is_that_of_the_disk(other_disk: LocalStorage) -> None:
    assert other_disk.free_percent() > 90

    with filled_up(other_disk.root):
        assert other_disk.free_percent() == 0


def test_a_folder_that_is_missing_is_made_before_its_disk_is_measured(tmp_path: Path) -> None:
    assert 0 < disk_free_percent(tmp_path / "new" / "folder") <= 100
    assert (tmp_path / "new" / "folder").is_dir()
