from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from upscaler.storage.receiving import receiver


def test_a_file_appears_with_its_hash_when_it_is_complete(tmp_path: Path) -> None:
    with receiver(tmp_path / "copy") as copy:
        copy.write(b"0123")
        assert not (tmp_path / "copy").exists()
        copy.write(b"456789")

    assert copy.sha256 == hashlib.sha256(b"0123456789").hexdigest()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"copy": b"0123456789"}


def test_nothing_is_left_of_a_copy_that_was_broken_off(tmp_path: Path) -> None:
    def break_off() -> None:
        with receiver(tmp_path / "copy") as copy:
            copy.write(b"0123")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        break_off()

    assert list(tmp_path.iterdir()) == []
