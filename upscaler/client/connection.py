"""The connection to a service, and what the calls of all resources need: polls and saved files."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

from upscaler.client.errors import ApiError, ClientError, WaitTimeout
from upscaler.client.state import State
from upscaler.client.transport import Transport

# The service may hold a poll for up to a minute; proxies in between often give up after half of one.
HELD_SECONDS = 20
# A service inspects every image of a batch before it responds.
_BATCH_PATIENCE = 10
_TOO_MANY_REQUESTS = 429

Kind = TypeVar("Kind", bound=State)


class Connection:
    """A connection to one service; see ``Client``."""

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        timeout_seconds: float = 60.0,
        attempts: int = 4,
        language: str = "en",
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        if attempts < 1:
            raise ValueError("there must be at least one attempt")
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ValueError("a token has visible ASCII characters only")
        self._sleep = sleep or time.sleep
        self._transport = Transport(server, token, timeout_seconds, attempts, language, self._sleep)
        self._patience = httpx.Timeout(timeout_seconds, read=_BATCH_PATIENCE * timeout_seconds)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _wait(
        self,
        path: str,
        kind: type[Kind],
        timeout_seconds: float | None,
        on_progress: Callable[[Kind], None] | None,
    ) -> Kind:
        """Poll the job or batch at ``path`` until it has ended; see ``wait``."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            left = HELD_SECONDS if deadline is None else deadline - time.monotonic()
            held = 0 if on_progress else max(0, min(HELD_SECONDS, int(left)))
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
            self._sleep(pause)

    def _poll(self, path: str, kind: type[Kind], held_seconds: int) -> tuple[Kind | None, float]:
        """Poll once; return the state, or None when it was too early, and the seconds until the next poll."""
        begun = time.monotonic()
        try:
            answer = self._transport.call("GET", path, headers=prefer(held_seconds))
        except ApiError as error:
            if error.status != _TOO_MANY_REQUESTS or error.retry_after is None:
                raise
            return None, error.retry_after
        hint = answer.headers.get("Retry-After", "")
        asked_for = float(hint) if hint.isdigit() else 1.0
        # A response that was held has used up its pause already.
        return kind(json_of(answer)), max(0.0, asked_for - (time.monotonic() - begun))

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


def prefer(wait_seconds: int) -> dict[str, str]:
    """Return the header that has the service hold a poll; none for 0 seconds."""
    return {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Return the object of a response; raise ``ClientError`` where there is none."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ClientError(f"{response.url} is not an ImageUpscalerPro service")
    return answer
