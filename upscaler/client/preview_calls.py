"""The call that compares presets."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

from upscaler.client.connection import HELD_SECONDS, Connection, json_of
from upscaler.client.errors import WaitTimeout
from upscaler.client.forms import form_of, name_of
from upscaler.client.state import GOING_ON


class PreviewCalls(Connection):
    """Compares presets on a small piece of an image."""

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
                files = {"file": (name_of(path), file)}
                return self._transport.send("POST", "/previews", data=form, files=files, headers=headers)

        preview = json_of(self._transport.repeated(attempt))
        while preview["status"] in GOING_ON:
            left = int(deadline - time.monotonic())
            if left < 1:
                raise WaitTimeout(f"{preview['id']} has not ended after {timeout_seconds:g} seconds.")
            held = {"Prefer": f"wait={min(HELD_SECONDS, left)}"}
            answer = self._transport.call("GET", f"/previews/{preview['id']}", headers=held)
            preview = json_of(answer)
            if preview["status"] in GOING_ON and "Preference-Applied" not in answer.headers:
                # Too many requests wait already, so this response came at once.
                self._sleep(1)
        return preview
