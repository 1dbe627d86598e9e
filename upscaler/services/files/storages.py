"""The storage that the configuration names."""

from __future__ import annotations

import contextlib

from config import Config
from upscaler.errors import StorageFull, StorageUnavailable
from upscaler.storage import Storage
from upscaler.storage.registry import Role, open_storage


def build_storage(config: Config, role: Role) -> Storage:
    """Open the storage and check its settings.

    Raises:
        StorageSettingsError: the settings lead to no usable storage; the text is one line. One that is full or
            does not answer right now may recover, and is no error.
    """
    storage = open_storage(config.storage_backend, config, role)
    with contextlib.suppress(StorageFull, StorageUnavailable):
        storage.check()
    return storage
