"""The contract of a storage, run over every registered backend."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from config import load
from upscaler.errors import FileGone
from upscaler.services.files.storages import build_storage
from upscaler.storage import Presentation, Storage
from upscaler.storage.registry import BACKENDS
from upscaler.storage.s3 import PART_BYTES, S3Storage

KEY = "uploads/ab/upl_abc.png"


@pytest.fixture
def s3_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    server = request.getfixturevalue("s3_server")
    settings: dict[str, str] = server.environment(server.empty_bucket())
    return settings


@pytest.fixture(params=list(BACKENDS))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage of each registered backend; one that needs a server has a fixture ``NAME_settings``."""
    settings = {"DATA_DIR": str(tmp_path), "STORAGE_BACKEND": request.param}
    if request.param != "local":
        settings.update(request.getfixturevalue(f"{request.param}_settings"))
    return build_storage(load(settings, env_file=None), "worker")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"0123456789")
    return path


def test_it_gives_back_what_was_saved(storage: Storage, source: Path, tmp_path: Path) -> None:
    storage.check()
    storage.save(KEY, source)

    assert storage.fetch(KEY, tmp_path / "copy") == hashlib.sha256(b"0123456789").hexdigest()
    with storage.open(KEY) as file:
        assert file.read() == b"0123456789"
    assert (tmp_path / "copy").read_bytes() == b"0123456789"
    assert storage.stat(KEY).size_bytes == 10
    assert storage.used_bytes() == 10


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (0, 4), (3, 7), (9, 10), (4, None)])
def test_it_gives_back_a_part(storage: Storage, source: Path, start: int, stop: int | None) -> None:
    storage.save(KEY, source)

    with storage.open(KEY, start, stop) as file:
        assert file.read((stop or 10) - start) == b"0123456789"[start:stop]


def test_it_gives_back_large_files_whole(storage: Storage, tmp_path: Path) -> None:
    content = bytes(range(256)) * ((2 * PART_BYTES + 12_345) // 256)
    (tmp_path / "large").write_bytes(content)

    storage.save(KEY, tmp_path / "large")

    assert storage.fetch(KEY, tmp_path / "copy") == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "copy").read_bytes() == content
    assert not list(tmp_path.glob("*.part"))
    with storage.open(KEY, len(content) - 5) as file:
        assert file.read() == content[-5:]


def test_saving_again_under_a_key_replaces_the_file(storage: Storage, source: Path, tmp_path: Path) -> None:
    storage.save(KEY, source)
    (tmp_path / "other").write_bytes(b"other")

    storage.save(KEY, tmp_path / "other")

    assert storage.stat(KEY).size_bytes == 5
    assert storage.used_bytes() == 5


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
    assert not list(tmp_path.glob("copy*"))
    assert storage.used_bytes() == 0


@pytest.mark.parametrize(
    "key",
    ["../app.db", "/etc/passwd", "uploads/../../x.png", "uploads/a", "", "uploads//x.png", "uploads/x.png\n"],
)
def test_it_accepts_plain_keys_only(storage: Storage, source: Path, key: str) -> None:
    for call in (
        lambda: storage.open(key),
        lambda: storage.stat(key),
        lambda: storage.save(key, source),
        lambda: storage.delete(key),
    ):
        with pytest.raises(ValueError, match="not a storage key"):
            call()


def test_it_knows_how_much_room_is_left_where_there_is_a_limit(storage: Storage) -> None:
    free = storage.free_percent()

    assert free is None if isinstance(storage, S3Storage) else 0 <= (free or 0) <= 100


def test_files_pass_through_us_unless_browsers_reach_the_storage(storage: Storage, source: Path) -> None:
    storage.save(KEY, source)

    assert storage.public_origin is None
    assert storage.link(KEY, Presentation("image/png", "inline"), 60) is None


def test_it_names_its_location_for_the_operator(storage: Storage) -> None:
    assert storage.location
    assert storage.location.isprintable()
