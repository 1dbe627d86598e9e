"""Copy the images of a local storage into the bucket of the settings: ``python -m scripts.copy_files data/files``.

Safe to run again: what is in the bucket with the same size already is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import config as configuration
from upscaler.errors import FileGone, UpscalerError
from upscaler.services.registry import Services
from upscaler.storage import Storage, StorageSettingsError


def main(arguments: list[str]) -> int:
    """Copy every file of the folder that was named."""
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
    """Copy what the storage does not have; return how many files were copied and how many were there."""
    copied = kept = 0
    for path in sorted(folder.rglob("*")):
        # A name with a dot in front is a file that was never finished.
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
