from __future__ import annotations

import errno

import pytest

from upscaler.errors import FileGone, StorageFull, StorageUnavailable, UpscalerError
from upscaler.storage import make_key
from upscaler.storage.base import as_ours


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("upl_3fa9", "uploads/3f/upl_3fa9.png"),
        ("job_ab_cd01", "uploads/cd/job_ab_cd01.png"),
        ("plain", "uploads/pl/plain.png"),
    ],
)
def test_keys_are_spread_over_folders_by_their_random_part(name: str, key: str) -> None:
    assert make_key("uploads", name, "png") == key


@pytest.mark.parametrize(
    ("folder", "name", "extension"),
    [
        ("..", "upl_ab", "png"),
        ("uploads", "../upl_ab", "png"),
        ("uploads", "upl_ab", "p/g"),
        ("", "upl_ab", "png"),
    ],
)
def test_no_key_leads_out_of_the_storage(folder: str, name: str, extension: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        make_key(folder, name, extension)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, FileGone),
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EACCES, StorageUnavailable),
        (errno.EIO, StorageUnavailable),
        (errno.ENOTDIR, StorageUnavailable),
    ],
)
def test_an_error_of_the_system_is_a_lack_of_a_file_or_of_room_or_an_outage(
    number: int, kind: type[UpscalerError]
) -> None:
    assert type(as_ours(OSError(number, "a text"))) is kind
