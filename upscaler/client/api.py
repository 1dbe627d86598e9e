"""A client for the REST API of a service."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from upscaler.client.batch import Batch
from upscaler.client.errors import ApiError, ClientError, JobNotCompleted, WaitTimeout
from upscaler.client.forms import form_of
from upscaler.client.job import ENDED, Job
from upscaler.client.transport import Transport

# The service may hold a poll for up to a minute; proxies in between often give up after half of one.
_HELD_SECONDS = 20
# A service inspects every image of a batch before it responds.
_BATCH_PATIENCE = 10
_TOO_MANY_REQUESTS = 429
_LINK_EXPIRED = 410

State = TypeVar("State", Job, Batch)


class Client:
    """Talks to one service; may be used as a context manager, and by one thread at a time.

    Args:
        server: address of the service, such as ``https://images.example.org``.
        token: an API key (``upk_...``) or an access token; None for a visitor.
        timeout_seconds: for one step of a request: connecting, sending a block, waiting for the response.
        attempts: maximum number of times that a request is sent, where there is no response or the service is busy.
        language: of the sentences in errors, as ``Accept-Language`` has it.

    Raises:
        ValueError: ``token`` or ``attempts`` cannot be used.

    """

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        timeout_seconds: float = 60.0,
        attempts: int = 4,
        language: str = "en",
    ) -> None:
        if attempts < 1:
            raise ValueError("there must be at least one attempt")
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ValueError("a token has visible ASCII characters only")
        self._transport = Transport(server, token, timeout_seconds, attempts, language)
        self._patience = httpx.Timeout(timeout_seconds, read=_BATCH_PATIENCE * timeout_seconds)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

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
                return send(file, filename or Path(image).name)

        return Job(_json(self._transport.repeated(attempt)))

    def preview(
        self, image: str | os.PathLike[str], *, timeout_seconds: float = 180.0, **choices: Any
    ) -> dict[str, Any]:
        """Return the finished preview of a small piece of an image with several presets, as ``docs/api.md`` lists it.

        Args:
            image: a file, which is streamed.
            timeout_seconds: how long to wait at most.
            choices: the fields of ``POST /previews``, such as ``presets="photo,art"``, ``factor="4x"``, ``left=100``.

        Raises:
            WaitTimeout: not all presets were done in time.
            ApiError, ServerUnreachable, OSError: as ``upload`` does.

        """
        deadline = time.monotonic() + timeout_seconds
        path = Path(image)
        form = form_of(choices)
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def attempt() -> httpx.Response:
            with path.open("rb") as file:
                files = {"file": (path.name, file)}
                return self._transport.send("POST", "/previews", data=form, files=files, headers=headers)

        preview = _json(self._transport.repeated(attempt))
        while preview["status"] not in ENDED:
            left = int(deadline - time.monotonic())
            if left < 1:
                raise WaitTimeout(f"{preview['id']} has not ended after {timeout_seconds:g} seconds.")
            held = {"Prefer": f"wait={min(_HELD_SECONDS, left)}"}
            answer = self._transport.call("GET", f"/previews/{preview['id']}", headers=held)
            preview = _json(answer)
            if "Preference-Applied" not in answer.headers:
                # Too many requests wait already, so this response came at once.
                time.sleep(1)
        return preview

    def job(self, job_id: str, *, wait_seconds: int = 0) -> Job:
        """Return the state of a job, at once or as soon as it has ended, at most after ``wait_seconds`` (0 to 60)."""
        return Job(_json(self._transport.call("GET", f"/jobs/{job_id}", headers=_prefer(wait_seconds))))

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
                    ("file", (Path(image).name, stack.enter_context(Path(image).open("rb"))))
                    for image in images
                ]
                headers = {"Idempotency-Key": key}
                return self._transport.send(
                    "POST", "/batches", data=form, files=files, headers=headers, timeout=self._patience
                )

        return Batch(_json(self._transport.repeated(attempt)))

    def batch(self, batch_id: str, *, wait_seconds: int = 0) -> Batch:
        """Return the state of a batch, at once or as soon as it has ended, at most after ``wait_seconds`` (0 to 60)."""
        return Batch(
            _json(self._transport.call("GET", f"/batches/{batch_id}", headers=_prefer(wait_seconds)))
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
        return Batch(_json(self._transport.call("POST", f"/batches/{batch_id}/retry", headers=headers)))

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

    def upscale(self, image: str | os.PathLike[str], target: str | os.PathLike[str], **choices: Any) -> Job:
        """Send an image, wait, and fetch the result into ``target``; raises what the three steps do."""
        job = self.wait(self.upload(image, **choices).id)
        self.download(job, target)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return its state; ``ApiError`` with status 409 when it had ended."""
        return Job(_json(self._transport.call("POST", f"/jobs/{job_id}/cancel")))

    def retry(self, job_id: str) -> Job:
        """Run a failed or canceled job again and return the new one; ``ApiError`` with status 409 for any other."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return Job(_json(self._transport.call("POST", f"/jobs/{job_id}/retry", headers=headers)))

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
            page = _json(self._transport.call("GET", "/jobs", params={"limit": "100", **wanted, **place}))
            yield from (Job(item) for item in page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return

    def quote(self, width: int, height: int, **choices: Any) -> dict[str, Any]:
        """Return size, bytes, seconds and the place in the queue for an image of that many pixels."""
        params = {"width": str(width), "height": str(height), **form_of(choices)}
        return _json(self._transport.call("GET", "/quote", params=params))

    def models(self) -> list[dict[str, Any]]:
        """Return the models of the service."""
        return list(_json(self._transport.call("GET", "/models"))["items"])

    def presets(self) -> list[dict[str, Any]]:
        """Return the presets of the service, and which models serve each choice."""
        return list(_json(self._transport.call("GET", "/presets"))["items"])

    def me(self) -> dict[str, Any]:
        """Return the caller's account, with its usage and quota."""
        return _json(self._transport.call("GET", "/me"))

    def health(self) -> dict[str, Any]:
        """Return the health of the service."""
        return _json(self._transport.call("GET", "/health"))

    def _wait(
        self,
        path: str,
        kind: type[State],
        timeout_seconds: float | None,
        on_progress: Callable[[State], None] | None,
    ) -> State:
        """Poll the job or batch at ``path`` until it has ended; see ``wait``."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            left = _HELD_SECONDS if deadline is None else deadline - time.monotonic()
            held = 0 if on_progress else max(0, min(_HELD_SECONDS, int(left)))
            state, pause = self._poll(path, kind, held)
            if state is not None:
                if on_progress:
                    on_progress(state)
                if state.ended:
                    return state
            if deadline is not None and time.monotonic() + pause > deadline:
                raise WaitTimeout(
                    f"{path.rpartition('/')[2]} has not ended after {timeout_seconds:g} seconds."
                )
            time.sleep(pause)

    def _poll(self, path: str, kind: type[State], held_seconds: int) -> tuple[State | None, float]:
        """Poll once; return the state, or None when it was too early, and the seconds until the next poll."""
        begun = time.monotonic()
        try:
            answer = self._transport.call("GET", path, headers=_prefer(held_seconds))
        except ApiError as error:
            if error.status != _TOO_MANY_REQUESTS or error.retry_after is None:
                raise
            return None, error.retry_after
        hint = answer.headers.get("Retry-After", "")
        asked_for = float(hint) if hint.isdigit() else 1.0
        # A response that was held has used up its pause already.
        return kind(_json(answer)), max(0.0, asked_for - (time.monotonic() - begun))

    def _fetch(self, job: Job, target: Path) -> Path:
        if not job.result_url:
            reason = job.error["detail"] if job.error else f"it is {job.status}"
            raise JobNotCompleted(f"{job.id} has no result: {reason}")
        return self._save(job.result_url, target)

    def _save(self, address: str, target: Path) -> Path:
        """Fetch a file; it appears at ``target`` only when it is whole."""
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as file:

                def receive(response: httpx.Response) -> None:
                    file.seek(0)
                    file.truncate()
                    for block in response.iter_bytes():
                        file.write(block)

                self._transport.fetch(address, receive)
            part.replace(target)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        return target


def _prefer(wait_seconds: int) -> dict[str, str]:
    return {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ClientError(f"{response.url} is not an ImageUpscalerPro service")
    return answer
