"""Errors of a bucket's service as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import S3DownloadFailedError

from upscaler.errors import FileGone, StorageFull, StorageUnavailable, UpscalerError
from upscaler.storage.base import as_ours

log = structlog.get_logger()

_MISSING = {"NoSuchKey", "NotFound", "404"}
_FULL = {"InsufficientStorage", "QuotaExceeded", "EntityTooLarge", "XMinioStorageFull"}
_WRONG_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Turn errors of the library and of the operating system into ours."""
    try:
        yield
    except ClientError as error:
        raise _ours(call, error) from error
    except Boto3Error as error:
        # The library hides what the service answered to an upload behind an error of its own.
        hidden = error.__context__
        raise (_ours(call, hidden) if isinstance(hidden, ClientError) else _silent(call, error)) from error
    except (BotoCoreError, S3DownloadFailedError) as error:
        raise _silent(call, error) from error
    except OSError as error:
        raise as_ours(error) from error


def _ours(call: str, error: ClientError) -> UpscalerError:
    code = _code(error)
    if code in _MISSING:
        return FileGone()
    log.warning("storage.refused", call=call, code=code, status=status_of(error))
    return StorageFull() if code in _FULL or status_of(error) == 507 else StorageUnavailable()


def _silent(call: str, error: Exception) -> StorageUnavailable:
    log.warning("storage.silent", call=call, reason=str(error))
    return StorageUnavailable()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an error."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refusal(bucket: str, where: str, error: ClientError) -> str:
    """Return why the service at ``where`` refuses the bucket, and what the operator can do."""
    code = _code(error)
    if code == "NoSuchBucket":
        return f"there is no bucket {bucket} at {where}. Create it, or set S3_BUCKET to another one."
    if code in _WRONG_KEYS:
        return f"{where} refuses the keys ({code}). Check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
    if code == "AccessDenied":
        return f"the keys may not list the bucket {bucket} at {where}. Allow s3:ListBucket to them."
    message = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    return f"the bucket {bucket} at {where} cannot be used: {code} {message}".rstrip()
