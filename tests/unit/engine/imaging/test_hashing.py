from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from upscaler.engine.imaging.hashing import sha256_of

MIB = 1 << 20


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB + 5])
def test_the_hash_covers_every_block(tmp_path: Path, size: int) -> None:
    content = (b"0123456789abcdefg" * (size // 17 + 1))[:size]
    path = tmp_path / "file"
    path.write_bytes(content)

    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "absent")
