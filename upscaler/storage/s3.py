"""Images in a bucket of Amazon S3, or of any service that speaks its protocol."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, cast
from urllib.parse import urlsplit

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    NoCredentialsError,
    PartialCredentialsError,
)

from upscaler.errors import StorageUnavailable
from upscaler.storage.base import Presentation, StorageSettingsError, StoredFile, checked_key
from upscaler.storage.receiving import receiver
from upscaler.storage.s3_client import QUESTION, WEB, WORKER, Bucket, Patience, client_of
from upscaler.storage.s3_errors import refusal, status_of, translated

# Larger files go up in parts of this size, one after another: no more than one part is on its way at a time.
PART_BYTES = 16 << 20
READ_BYTES = 1 << 16


class Secret(Protocol):
    """A value that is shown only when it is asked for."""

    def get_secret_value(self) -> str:
        """Return the value."""


class Settings(Protocol):
    """The settings that this backend reads; ``Bucket`` describes them."""

    @property
    def s3_bucket(self) -> str: ...  # noqa: D102
    @property
    def s3_endpoint_url(self) -> str: ...  # noqa: D102
    @property
    def s3_region(self) -> str: ...  # noqa: D102
    @property
    def s3_access_key_id(self) -> str: ...  # noqa: D102
    @property
    def s3_secret_access_key(self) -> Secret: ...  # noqa: D102
    @property
    def s3_addressing_style(self) -> Literal["auto", "path", "virtual"]: ...  # noqa: D102
    @property
    def s3_public_endpoint_url(self) -> str: ...  # noqa: D102


def from_settings(settings: Settings, role: str) -> S3Storage:
    """Open the storage in the bucket that the settings name; nothing is sent yet."""
    bucket = Bucket(
        name=settings.s3_bucket,
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        addressing_style=settings.s3_addressing_style,
        public_endpoint_url=settings.s3_public_endpoint_url,
    )
    return S3Storage(bucket, WEB if role == "web" else WORKER)


class S3Storage:
    """Keep files as private objects of one bucket."""

    def __init__(self, bucket: Bucket, patience: Patience) -> None:
        self._bucket = bucket
        self.location = bucket.endpoint_url or "Amazon S3"
        self._client = client_of(bucket, bucket.endpoint_url, patience)
        self._prober = client_of(bucket, bucket.endpoint_url, QUESTION) if patience.asks_first else None
        self._signer = (
            client_of(bucket, bucket.public_endpoint_url, patience) if bucket.public_endpoint_url else None
        )
        self.public_origin = self._origin()
        self._transfer = TransferConfig(
            multipart_threshold=PART_BYTES,
            multipart_chunksize=PART_BYTES,
            use_threads=False,
            preferred_transfer_client="classic",
        )

    def check(self) -> None:
        """List one object: that needs the bucket, the keys, and the right to look."""
        try:
            self._client.list_objects_v2(Bucket=self._bucket.name, MaxKeys=1)
        except ClientError as error:
            if status_of(error) >= 500:
                raise StorageUnavailable from error
            raise StorageSettingsError(refusal(self._bucket.name, self.location, error)) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise StorageSettingsError(
                "no keys for the storage were found. Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
            ) from error
        except BotoCoreError as error:
            raise StorageUnavailable from error

    def save(self, key: str, source: Path) -> None:
        """Upload the file, in parts when it is large; an object appears only when all of it has arrived."""
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        with self._calling("save"):
            self._client.upload_file(
                str(source),
                self._bucket.name,
                checked_key(key),
                ExtraArgs={"ContentType": kind},
                Config=self._transfer,
            )

    def open(self, key: str, start: int = 0, stop: int | None = None) -> BinaryIO:
        """Ask for the bytes; they come as they are read."""
        part = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"} if start or stop else {}
        with self._calling("open"):
            answer = self._client.get_object(Bucket=self._bucket.name, Key=checked_key(key), **part)
        return cast(BinaryIO, io.BufferedReader(_Body(answer["Body"]), READ_BYTES))

    def fetch(self, key: str, target: Path) -> str:
        """Download the object; its parts come in their order, because the receiver cannot be sought in."""
        with self._calling("fetch"), receiver(target) as copy:
            self._client.download_fileobj(self._bucket.name, checked_key(key), copy, Config=self._transfer)
            return copy.sha256

    def stat(self, key: str) -> StoredFile:
        """Ask for the object's head."""
        with self._calling("stat"):
            head = self._client.head_object(Bucket=self._bucket.name, Key=checked_key(key))
        return StoredFile(size_bytes=head["ContentLength"], modified_at=head["LastModified"].timestamp())

    def delete(self, key: str) -> None:
        """Remove the object; the protocol has no error for one that is not there."""
        with self._calling("delete"):
            self._client.delete_object(Bucket=self._bucket.name, Key=checked_key(key))

    def link(self, key: str, shown: Presentation, seconds: int) -> str | None:
        """Sign an address of the public endpoint, which sends the file with these headers."""
        if self._signer is None:
            return None
        headers = {
            "ResponseContentType": shown.content_type,
            "ResponseContentDisposition": shown.disposition,
            "ResponseCacheControl": "private, max-age=3600",
        }
        return self._presigned(checked_key(key), headers, seconds)

    def used_bytes(self) -> int:
        """Add up a listing of the bucket, a thousand objects at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.name)
        with self._calling("list"):
            return sum(found["Size"] for page in pages for found in page.get("Contents", ()))

    def free_percent(self) -> None:
        """Make sure that the bucket answers; it has no fixed size."""
        with self._calling("list"):
            self._client.list_objects_v2(Bucket=self._bucket.name, MaxKeys=1)

    @contextmanager
    def _calling(self, call: str) -> Iterator[None]:
        """Turn errors of the block into ours, and do not begin it where the service says nothing."""
        with translated(call):
            try:
                self._ask()
            except ConnectionClosedError:
                # The connection had been idle for long: a new one decides.
                self._ask()
            yield

    def _ask(self) -> None:
        if self._prober is not None:
            # Whatever it answers, it does answer. What is wrong shows in the call itself.
            with suppress(ClientError):
                self._prober.head_bucket(Bucket=self._bucket.name)

    def _origin(self) -> str | None:
        if self._signer is None:
            return None
        # The bucket may be part of the host's name, so the whole address is needed.
        address = urlsplit(self._presigned("any", {}, 60))
        return f"{address.scheme}://{address.netloc}"

    def _presigned(self, key: str, headers: dict[str, str], seconds: int) -> str:
        assert self._signer is not None  # noqa: S101 - its callers have looked
        parameters = {"Bucket": self._bucket.name, "Key": key, **headers}
        return str(self._signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))


class _Body(io.RawIOBase):
    """The bytes of an answer as a plain stream with our errors."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated("read"):
            block = self._body.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        # What was not read is dropped together with its connection.
        self._body.close()
        super().close()
