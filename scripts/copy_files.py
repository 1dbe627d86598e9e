"""Copy the images of a local storage into the configured bucket: ``python -m scripts.copy_files data/files``.

Safe to run again: files that the bucket already holds with the same size are skipped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import config as configuration
from upscaler.errors import FileGone, UpscalerError
from upscaler.services.registry import Services
from upscaler.storage import Storage, StorageSettingsError


def main(arguments: list[str]) -> int:
    """Copy every file of the named folder."""
    if len(arguments) != 1:
        return _complain("name one folder, such as data/files")
    folder = Path(arguments[0])
    if not folder.is_dir():
        return _complain(f"there is no folder {folder}")
    try:
        config = configuration.load()
        if config.storage_backend == "local":
            return _complain("the settings name no bucket; set STORAGE_BACKEND=s3 and the S3_ variables")
        copied, kept = copy_files(folder, Services.from_config(config, role="worker").storage)
    except (configuration.ConfigError, StorageSettingsError, UpscalerError) as error:
        return _complain(str(error))
    print(f"copy_files: copied {copied} files; {kept} were there already")
    return 0


def copy_files(folder: Path, storage: Storage) -> tuple[int, int]:
    """Copy the files that the storage lacks; return the numbers of copied and of skipped files."""
    copied = kept = 0
    for path in sorted(folder.rglob("*")):
        # A name that begins with a dot is that of an unfinished file.
        if not path.is_file() or path.name.startswith("."):
            continue
        key = path.relative_to(folder).as_posix()
        if _has(storage, key, path.stat().st_size):
            kept += 1
        else:
            storage.save(key, path)
            copied += 1
    return copied, kept


def _has(storage: Storage, key: str, size: int) -> bool:
    try:
        return storage.stat(key).size_bytes == size
    except FileGone:
        return False


def _complain(reason: str) -> int:
    print(f"copy_files: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
