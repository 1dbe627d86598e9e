from __future__ import annotations

from pathlib import Path

import pytest

from config import load
from tests.support.s3 import S3Server
from tests.support.service import free_port
from upscaler.errors import StorageUnavailable
from upscaler.services.files.storages import build_storage
from upscaler.storage import LocalStorage
from upscaler.storage.base import StorageSettingsError


def test_the_configured_storage_is_opened(tmp_path: Path) -> None:
    storage = build_storage(load({"DATA_DIR": str(tmp_path)}, env_file=None), "web")

    assert isinstance(storage, LocalStorage)
    assert storage.root.is_relative_to(tmp_path)


def test_a_storage_that_does_not_answer_is_opened_all_the_same() -> None:
    settings = {
        "STORAGE_BACKEND": "s3",
        "S3_BUCKET": "images",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "S3_ACCESS_KEY_ID": "nobody",
        "S3_SECRET_ACCESS_KEY": "a secret of nobody",
    }

    storage = build_storage(load(settings, env_file=None), "web")

    with pytest.raises(StorageUnavailable):
        storage.check()


def test_a_bucket_that_does_not_exist_is_an_error_of_the_settings(s3_server: S3Server) -> None:
    settings = {**s3_server.environment(s3_server.empty_bucket()), "S3_BUCKET": "unknown-bucket"}

    with pytest.raises(StorageSettingsError, match="unknown-bucket") as raised:
        build_storage(load({"STORAGE_BACKEND": "s3", **settings}, env_file=None), "web")

    assert "\n" not in str(raised.value)
