"""The client itself, and a job as it sees it."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from upscaler.client.errors import ApiError, ClientError, JobNotCompleted, WaitTimeout
from upscaler.client.transport import Transport

COMPLETED = "completed"
ENDED = frozenset({COMPLETED, "failed", "canceled"})
# The service may hold a poll for up to a minute; proxies in between often give up after half of one.
_HELD_SECONDS = 20
_TOO_MANY_REQUESTS = 429
_LINK_EXPIRED = 410


@dataclass(frozen=True)
class Job:
    """A job as it was when the service last told of it.

    ``data`` holds the whole answer, as ``docs/api.md`` lists it. A job just sent has only its first fields.
    """

    data: dict[str, Any]

    @property
    def id(self) -> str:
        """Names the job; to know it is to hold its link."""
        return str(self.data["job_id"])

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``completed``, ``failed`` or ``canceled``."""
        return str(self.data["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def completed(self) -> bool:
        """Whether there is a result."""
        return self.status == COMPLETED

    @property
    def progress(self) -> int:
        """Percent of the work that is done."""
        return int(self.data.get("progress", 0))

    @property
    def result_url(self) -> str | None:
        """A signed link to the result, good for a day by default; None before the job is completed."""
        return self.data.get("result_file")

    @property
    def error(self) -> dict[str, str] | None:
        """``code`` and ``detail`` of a failed job."""
        return self.data.get("error")


class Client:
    """Talks to one service; may be used as a context manager, and by one thread at a time.

    Args:
        server: address of the service, such as ``https://pictures.example.org``.
        token: an API key (``upk_...``) or an access token; None for a visitor.
        timeout_seconds: for one step of a request: connecting, sending a block, the wait for the answer.
        attempts: how often a request is sent when no answer comes or the service has no room for the moment.
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
        picture: str | os.PathLike[str] | bytes,
        *,
        filename: str | None = None,
        idempotency_key: str | None = None,
        **choices: Any,
    ) -> Job:
        """Send a picture and return its job, queued.

        Args:
            picture: a file, which is streamed, or the bytes of one.
            filename: the name that the service is told; needed for bytes.
            idempotency_key: the same for what must become one job, even over restarts of the caller; by default, one
                is made for this call, so that its own repetitions make one job.
            choices: the fields of ``POST /uploads``, such as ``factor="4x"``, ``preset="photo"``, ``callback_url``;
                those that are None are left out.

        Raises:
            ApiError: the picture or a choice was refused, or there were too many requests (429).
            ServerUnreachable: no answer came.
            OSError: the file cannot be read.

        """
        if isinstance(picture, bytes) and not filename:
            raise ValueError("bytes need a filename")
        key = idempotency_key or str(uuid.uuid4())
        form = {name: _field(value) for name, value in choices.items() if value is not None}

        def send(content: Any, name: str) -> httpx.Response:
            return self._transport.send(
                "POST",
                "/uploads",
                data=form,
                files={"file": (name, content)},
                headers={"Idempotency-Key": key},
            )

        def attempt() -> httpx.Response:
            if isinstance(picture, bytes):
                return send(picture, filename or "")
            # Opened for each attempt: the one before may have read half of it.
            with Path(picture).open("rb") as file:
                return send(file, filename or Path(picture).name)

        return Job(_json(self._transport.repeated(attempt)))

    def job(self, job_id: str, *, wait_seconds: int = 0) -> Job:
        """Return the state of a job, at once or as soon as it has ended, at most after ``wait_seconds`` (0 to 60)."""
        headers = {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}
        return Job(_json(self._transport.call("GET", f"/jobs/{job_id}", headers=headers)))

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
            on_progress: is told of each state on the way, the last included; without it there are fewer requests.

        Raises:
            WaitTimeout: the job had not ended in time.
            ApiError, ServerUnreachable: as elsewhere; being told to ask less often (429) is obeyed.

        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            left = _HELD_SECONDS if deadline is None else deadline - time.monotonic()
            held = 0 if on_progress else max(0, min(_HELD_SECONDS, int(left)))
            job, pause = self._poll(job_id, held)
            if job is not None:
                if on_progress:
                    on_progress(job)
                if job.ended:
                    return job
            if deadline is not None and time.monotonic() + pause > deadline:
                raise WaitTimeout(f"{job_id} has not ended after {timeout_seconds:g} seconds.")
            time.sleep(pause)

    def download(self, job: Job | str, target: str | os.PathLike[str]) -> Path:
        """Fetch the result of a job into a file, which appears only when it is whole; what was there is replaced.

        Raises:
            JobNotCompleted: there is no result.
            ApiError: the service refused.
            ServerUnreachable: no answer came, or the connection broke off in every attempt.
            OSError: the file cannot be written.

        """
        known = self.job(job) if isinstance(job, str) else job
        try:
            return self._fetch(known, Path(target))
        except ApiError as error:
            if error.status != _LINK_EXPIRED:
                raise
        return self._fetch(self.job(known.id), Path(target))

    def enlarge(self, picture: str | os.PathLike[str], target: str | os.PathLike[str], **choices: Any) -> Job:
        """Send a picture, wait, and fetch the result into ``target``; raises what the three steps do."""
        job = self.wait(self.upload(picture, **choices).id)
        self.download(job, target)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return its state; ``ApiError`` with status 409 when it had ended."""
        return Job(_json(self._transport.call("POST", f"/jobs/{job_id}/cancel")))

    def delete(self, job_id: str) -> None:
        """Delete a job and its files."""
        self._transport.call("DELETE", f"/jobs/{job_id}")

    def jobs(self, status: str | None = None) -> Iterator[Job]:
        """Yield the jobs of one's own account, the newest first; pages are fetched as they are needed."""
        wanted = {"status": status} if status else {}
        cursor = None
        while True:
            place: dict[str, str] = {"cursor": cursor} if cursor else {}
            page = _json(self._transport.call("GET", "/jobs", params={"limit": "100", **wanted, **place}))
            yield from (Job(item) for item in page["items"])
            cursor = page["next_cursor"]
            if not cursor:
                return

    def quote(self, width: int, height: int, **choices: Any) -> dict[str, Any]:
        """Return size, bytes, seconds and the place in the queue for a picture of so many pixels."""
        given = {name: _field(value) for name, value in choices.items() if value is not None}
        params = {"width": str(width), "height": str(height), **given}
        return _json(self._transport.call("GET", "/quote", params=params))

    def models(self) -> list[dict[str, Any]]:
        """Return the networks of the service."""
        return list(_json(self._transport.call("GET", "/models"))["items"])

    def presets(self) -> list[dict[str, Any]]:
        """Return the presets of the service, and which networks serve each choice."""
        return list(_json(self._transport.call("GET", "/presets"))["items"])

    def me(self) -> dict[str, Any]:
        """Return one's own account, with usage and quota."""
        return _json(self._transport.call("GET", "/me"))

    def health(self) -> dict[str, Any]:
        """Return how the service is."""
        return _json(self._transport.call("GET", "/health"))

    def _poll(self, job_id: str, held_seconds: int) -> tuple[Job | None, float]:
        """Ask once; return the state, or None when it was too early, and the seconds until the next poll."""
        begun = time.monotonic()
        headers = {"Prefer": f"wait={held_seconds}"} if held_seconds else {}
        try:
            answer = self._transport.call("GET", f"/jobs/{job_id}", headers=headers)
        except ApiError as error:
            if error.status != _TOO_MANY_REQUESTS or error.retry_after is None:
                raise
            return None, error.retry_after
        hint = answer.headers.get("Retry-After", "")
        asked_for = float(hint) if hint.isdigit() else 1.0
        # An answer that was held has used up its pause already.
        return Job(_json(answer)), max(0.0, asked_for - (time.monotonic() - begun))

    def _fetch(self, job: Job, target: Path) -> Path:
        address = job.result_url
        if not address:
            reason = job.error["detail"] if job.error else f"it is {job.status}"
            raise JobNotCompleted(f"{job.id} has no result: {reason}")
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


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ClientError(f"{response.url} is not an ImageUpscalerPro service")
    return answer
