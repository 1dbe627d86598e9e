"""Archives of results."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from upscaler.errors import StorageUnavailable
from upscaler.services.batches.packing import PackedFile, pack
from upscaler.storage import LocalStorage

NEW_YEAR = datetime(2026, 1, 1, 12, 30, tzinfo=timezone.utc)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def store(storage: LocalStorage, name: str, content: bytes) -> PackedFile:
    source = storage.root.parent / "source"
    source.write_bytes(content)
    storage.save(f"results/{name}.png", source)
    return PackedFile(f"results/{name}.png", f"{name}-2x.png", len(content), NEW_YEAR)


def test_an_archive_is_made_block_by_block(storage: LocalStorage) -> None:
    large, small = store(storage, "large", bytes(range(256)) * 8000), store(storage, "small", b"s")

    blocks = list(pack(storage, [large, small], lambda _: b"{}"))

    assert max(len(block) for block in blocks) < 100_000
    with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["large-2x.png", "small-2x.png", "manifest.json"]
        assert archive.read("large-2x.png") == bytes(range(256)) * 8000
        assert archive.getinfo("small-2x.png").date_time == (2026, 1, 1, 12, 30, 0)


def test_the_manifest_lists_what_is_gone(storage: LocalStorage) -> None:
    gone, kept = store(storage, "gone", b"g"), store(storage, "kept", b"k")
    storage.delete(gone.key)

    blocks = list(pack(storage, [gone, kept], lambda names: ",".join(names).encode()))

    with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as archive:
        assert archive.namelist() == ["kept-2x.png", "manifest.json"]
        assert archive.read("manifest.json") == b"gone-2x.png"


def test_a_storage_that_fails_leaves_no_archive_that_looks_whole(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = store(storage, "a", b"a" * 1000), store(storage, "b", b"b")
    (storage.root / second.key).unlink()
    (storage.root / second.key).mkdir()
    came = []

    with pytest.raises(StorageUnavailable):
        came.extend(pack(storage, [first, second], lambda _: b"{}"))

    assert not zipfile.is_zipfile(io.BytesIO(b"".join(came)))
