"""The place for images that the settings name."""

from __future__ import annotations

import contextlib
from typing import Literal

from config import Config
from upscaler.errors import StorageUnavailable
from upscaler.storage import LocalStorage, Storage


def build_storage(config: Config, side: Literal["web", "worker"]) -> Storage:
    """Open the storage. A worker is more patient with it than a web process, where somebody waits.

    Raises:
        StorageSettingsError: the settings lead to no usable storage; the text is one line. One that does not answer
            right now may come back and is no error.
    """
    if config.storage_backend == "local":
        return LocalStorage(config.files_dir)
    # The library is large, and nothing else needs it.
    from upscaler.storage import s3  # noqa: PLC0415

    bucket = s3.Bucket(
        name=config.s3_bucket,
        endpoint_url=config.s3_endpoint_url,
        region=config.s3_region,
        access_key_id=config.s3_access_key_id,
        secret_access_key=config.s3_secret_access_key.get_secret_value(),
        addressing_style=config.s3_addressing_style,
        public_endpoint_url=config.s3_public_endpoint_url,
    )
    storage = s3.S3Storage(bucket, s3.WEB if side == "web" else s3.WORKER)
    with contextlib.suppress(StorageUnavailable):
        storage.check()
    return storage
