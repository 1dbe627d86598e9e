"""What every storage has to do, run over each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.errors import FileGone, ServiceUnavailable
from upscaler.storage import LocalStorage, Storage, make_key

KEY = "uploads/ab/upl_abc.png"


@pytest.fixture(params=["local"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"0123456789")
    return path


def test_it_gives_back_what_was_saved(storage: Storage, source: Path, tmp_path: Path) -> None:
    storage.save(KEY, source)

    storage.fetch(KEY, tmp_path / "copy")
    with storage.open(KEY) as file:
        assert file.read() == b"0123456789"
    assert (tmp_path / "copy").read_bytes() == b"0123456789"
    assert storage.stat(KEY).size_bytes == 10
    assert storage.used_bytes() == 10


def test_a_deleted_file_is_gone(storage: Storage, source: Path, tmp_path: Path) -> None:
    storage.save(KEY, source)

    storage.delete(KEY)
    storage.delete(KEY)

    for call in (
        lambda: storage.stat(KEY),
        lambda: storage.open(KEY),
        lambda: storage.fetch(KEY, tmp_path / "copy"),
    ):
        with pytest.raises(FileGone):
            call()
    assert storage.used_bytes() == 0


@pytest.mark.parametrize(
    "key",
    ["../app.db", "/etc/passwd", "uploads/../../x.png", "uploads/a", "", "uploads//x.png", "uploads/x.png\n"],
)
def test_it_accepts_plain_keys_only(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        storage.open(key)


def test_it_knows_how_much_room_is_left(storage: Storage) -> None:
    assert 0 <= storage.free_percent() <= 100


def test_keys_are_spread_over_folders() -> None:
    assert make_key("uploads", "upl_3fa9", "png") == "uploads/3f/upl_3fa9.png"


def test_a_local_storage_that_cannot_write_says_so(tmp_path: Path, source: Path) -> None:
    (tmp_path / "blocked").touch()

    with pytest.raises(ServiceUnavailable):
        LocalStorage(tmp_path / "blocked").save(KEY, source)
    assert source.read_bytes() == b"0123456789"
