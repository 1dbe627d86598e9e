"""The calls about batches."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from upscaler.client.batch import Batch
from upscaler.client.connection import Connection, json_of, prefer
from upscaler.client.errors import JobNotCompleted
from upscaler.client.forms import form_of, name_of


class BatchCalls(Connection):
    """Sends many images at once, and follows, fetches and retries them."""

    def upload_batch(
        self,
        images: Sequence[str | os.PathLike[str]],
        *,
        idempotency_key: str | None = None,
        **choices: Any,
    ) -> Batch:
        """Send several files, or one ZIP file of images, and return their batch.

        Files that the service refuses are among its ``items``, with their ``error``. All else is as with ``upload``.

        Raises:
            ApiError: none of the files can be used, there are too many, or a choice was refused.
            ServerUnreachable: there was no response.
            OSError: a file cannot be read.

        """
        key, form = idempotency_key or str(uuid.uuid4()), form_of(choices)

        def attempt() -> httpx.Response:
            with ExitStack() as stack:
                files = [
                    ("file", (name_of(image), stack.enter_context(Path(image).open("rb"))))
                    for image in images
                ]
                headers = {"Idempotency-Key": key}
                return self._transport.send(
                    "POST", "/batches", data=form, files=files, headers=headers, timeout=self._patience
                )

        return Batch(json_of(self._transport.repeated(attempt)))

    def batch(self, batch_id: str, *, wait_seconds: int = 0) -> Batch:
        """Return the state of a batch, at once or as soon as it has ended, at most after ``wait_seconds`` (0 to 60)."""
        return Batch(
            json_of(self._transport.call("GET", f"/batches/{batch_id}", headers=prefer(wait_seconds)))
        )

    def wait_for_batch(
        self,
        batch_id: str,
        *,
        timeout_seconds: float | None = None,
        on_progress: Callable[[Batch], None] | None = None,
    ) -> Batch:
        """Return the state of a batch once all its jobs have ended; as ``wait`` does for a job."""
        return self._wait(f"/batches/{batch_id}", Batch, timeout_seconds, on_progress)

    def retry_batch(self, batch_id: str) -> Batch:
        """Retry the failed images of a batch; ``ApiError`` with status 409 when none has failed."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return Batch(json_of(self._transport.call("POST", f"/batches/{batch_id}/retry", headers=headers)))

    def download_batch(self, batch: Batch | str, target: str | os.PathLike[str]) -> Path:
        """Fetch the results of a batch as one ZIP file, with a ``manifest.json`` in it; as ``download`` does for a job.

        Raises:
            JobNotCompleted: there is no result yet.
            ApiError, ServerUnreachable, OSError: as with ``download``.

        """
        # Asked for anew: the link of an old state may have expired, and there may be more results by now.
        known = self.batch(batch if isinstance(batch, str) else batch.id)
        if not known.result_url:
            raise JobNotCompleted(f"{known.id} has no results: it is {known.status}")
        return self._save(known.result_url, Path(target))
