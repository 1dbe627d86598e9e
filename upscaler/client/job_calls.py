"""The calls about jobs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from upscaler.client.connection import Connection, json_of, prefer
from upscaler.client.errors import ApiError, JobNotCompleted
from upscaler.client.forms import form_of, name_of
from upscaler.client.job import Job

_LINK_EXPIRED = 410


class JobCalls(Connection):
    """Sends images, and follows, fetches and ends their jobs."""

    def upload(
        self,
        image: str | os.PathLike[str] | bytes | None = None,
        *,
        url: str | None = None,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **choices: Any,
    ) -> Job:
        """Send an image and return its job, queued.

        Args:
            image: a file, which is streamed, or the bytes of one.
            url: the address of an image in place of one; the service fetches it.
            filename: the name of the file for the service; required for bytes.
            idempotency_key: the same for what must become one job, even over restarts of the caller; by default, one
                is made for this call, so that its own repetitions make one job.
            choices: the fields of ``POST /uploads``, such as ``factor="4x"``, ``preset="photo"``, ``callback_url``;
                those that are None are left out.

        Raises:
            ApiError: the image or a choice was refused, or there were too many requests (429).
            ServerUnreachable: there was no response.
            OSError: the file cannot be read.

        """
        if (image is None) == (url is None):
            raise ValueError("there must be either an image or a url")
        if isinstance(image, bytes) and not filename:
            raise ValueError("bytes need a filename")
        key, form = idempotency_key or str(uuid.uuid4()), form_of({"url": url, **choices})

        def send(content: Any, name: str) -> httpx.Response:
            files = None if content is None else {"file": (name, content)}
            return self._transport.send(
                "POST", "/uploads", data=form, files=files, headers={"Idempotency-Key": key}
            )

        def attempt() -> httpx.Response:
            if image is None:
                return send(None, "")
            if isinstance(image, bytes):
                return send(image, filename or "")
            # Opened for each attempt: the one before may have read half of it.
            with Path(image).open("rb") as file:
                return send(file, name_of(filename or image))

        return Job(json_of(self._transport.repeated(attempt)))

    def job(self, job_id: str, *, wait_seconds: int = 0) -> Job:
        """Return the state of a job, at once or as soon as it has ended, at most after ``wait_seconds`` (0 to 60)."""
        return Job(json_of(self._transport.call("GET", f"/jobs/{job_id}", headers=prefer(wait_seconds))))

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Return the state of a job once it has ended, however it ended.

        Args:
            job_id: the job.
            timeout_seconds: how long to wait at most; None waits for as long as it takes.
            on_progress: called with each state on the way, the last included; without it there are fewer requests.

        Raises:
            WaitTimeout: the job had not ended in time.
            ApiError, ServerUnreachable: as elsewhere; a request to poll less often (429) is obeyed.

        """
        return self._wait(f"/jobs/{job_id}", Job, timeout_seconds, on_progress)

    def download(self, job: Job | str, target: str | os.PathLike[str]) -> Path:
        """Fetch the result of a job into a file, which appears only when it is whole; what was there is replaced.

        Raises:
            JobNotCompleted: there is no result.
            ApiError: the service refused.
            ServerUnreachable: there was no response, or the connection broke off in every attempt.
            OSError: the file cannot be written.

        """
        known = self.job(job) if isinstance(job, str) else job
        try:
            return self._fetch(known, Path(target))
        except ApiError as error:
            if error.status != _LINK_EXPIRED:
                raise
        return self._fetch(self.job(known.id), Path(target))

    def upscale(self, image: str | os.PathLike[str], target: str | os.PathLike[str], **choices: Any) -> Job:
        """Send an image, wait, and fetch the result into ``target``; raises what the three steps do."""
        job = self.wait(self.upload(image, **choices).id)
        self.download(job, target)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return its state; ``ApiError`` with status 409 when it had ended."""
        return Job(json_of(self._transport.call("POST", f"/jobs/{job_id}/cancel")))

    def retry(self, job_id: str) -> Job:
        """Run a failed or canceled job again and return the new one; ``ApiError`` with status 409 for any other."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return Job(json_of(self._transport.call("POST", f"/jobs/{job_id}/retry", headers=headers)))

    def delete(self, job_id: str) -> None:
        """Delete a job and its files."""
        self._transport.call("DELETE", f"/jobs/{job_id}")

    def jobs(
        self,
        status: str | None = None,
        *,
        preset: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Iterator[Job]:
        """Yield the jobs of the caller's account, the newest first; pages are fetched as they are needed.

        Args:
            status: the state of the jobs.
            preset: the preset of the jobs.
            since: the first day or moment, such as ``2025-12-07`` or ``2025-12-07T12:34:56Z``.
            until: the last one.

        """
        given = {"status": status, "preset": preset, "from": since, "to": until}
        wanted = {name: value for name, value in given.items() if value}
        cursor = None
        while True:
            place: dict[str, str] = {"cursor": cursor} if cursor else {}
            page = json_of(self._transport.call("GET", "/jobs", params={"limit": "100", **wanted, **place}))
            yield from (Job(item) for item in page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _fetch(self, job: Job, target: Path) -> Path:
        if not job.result_url:
            reason = job.error["detail"] if job.error else f"it is {job.status}"
            raise JobNotCompleted(f"{job.id} has no result: {reason}")
        return self._save(job.result_url, target)
