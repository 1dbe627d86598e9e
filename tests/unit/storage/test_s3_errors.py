from __future__ import annotations

import errno

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError
from s3transfer.exceptions import S3DownloadFailedError

from upscaler.errors import FileGone, StorageFull, StorageUnavailable
from upscaler.storage.s3_errors import refusal, status_of, translated


def answered(code: str, status: int = 400, message: str = "") -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutObject")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (answered("NoSuchKey", 404), FileGone),
        (answered("404", 404), FileGone),
        (answered("QuotaExceeded", 403), StorageFull),
        (answered("Unknown", 507), StorageFull),
        (answered("AccessDenied", 403), StorageUnavailable),
        (answered("InternalError", 500), StorageUnavailable),
        (EndpointConnectionError(endpoint_url="http://x"), StorageUnavailable),
        (S3DownloadFailedError("no"), StorageUnavailable),
        (S3UploadFailedError("no"), StorageUnavailable),
        (OSError(errno.ENOSPC, "full"), StorageFull),
    ],
)
def test_each_error_has_one_of_ours(error, ours):
    with pytest.raises(ours) as caught, translated("put"):
        raise error
    assert caught.value.__cause__ is error


def test_what_the_library_hides_behind_its_own_error_counts():
    def upload() -> None:
        try:
            raise answered("QuotaExceeded", 403)
        except ClientError as hidden:
            raise S3UploadFailedError("failed") from hidden

    with pytest.raises(StorageFull), translated("put"):
        upload()


def test_other_errors_pass():
    with pytest.raises(KeyError), translated("put"):
        raise KeyError("ours")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("NoSuchBucket", "Create it, or set S3_BUCKET"),
        ("SignatureDoesNotMatch", "Check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"),
        ("AccessDenied", "Allow s3:ListBucket"),
        ("SlowDown", "cannot be used: SlowDown too many"),
    ],
)
def test_a_refusal_says_what_the_operator_can_do(code, advice):
    text = refusal("images", "http://s3", answered(code, 400, "too\n many"))
    assert advice in text
    assert "http://s3" in text
    assert "\n" not in text


def test_an_answer_without_a_status_has_none():
    assert status_of(ClientError({}, "x")) == 0
    assert status_of(answered("x", 503)) == 503
