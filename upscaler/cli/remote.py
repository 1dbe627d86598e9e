"""Upscaling with a running service, through its API."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from upscaler.cli.interruption import Interruption
from upscaler.cli.staging import StagedImage
from upscaler.cli.upscaling import Upscaled, UpscaleFailed, UpscaleInterrupted
from upscaler.client import Client, ClientError, Job
from upscaler.engine.options import UpscaleOptions

# How soon a pause ends after a signal, in seconds.
_NOTICE_SECONDS = 0.2


def pause_of(interrupted: Callable[[], bool]) -> Callable[[float], None]:
    """Return a function that waits for some seconds; it raises ``UpscaleInterrupted`` when a signal comes."""

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if interrupted():
                raise UpscaleInterrupted
            time.sleep(min(left, _NOTICE_SECONDS))

    return pause


class RemoteUpscaler:
    """Sends images to a service and fetches the results."""

    def __init__(self, client: Client, options: UpscaleOptions, *, several: bool) -> None:
        self._client = client
        # Single images of other people go before several of one.
        self._fields = {**options.as_dict(), **({"priority": "batch"} if several else {})}

    def upscale(
        self, image: StagedImage, on_progress: Callable[[float], None], interrupted: Interruption
    ) -> Upscaled:
        """Upscale one image; see ``upscaling.ImageUpscaler``. An interrupted job is canceled on the service as well."""

        def show(job: Job) -> None:
            on_progress(job.progress / 100)
            if interrupted():
                raise UpscaleInterrupted

        try:
            with interrupted.at_once():
                accepted = self._client.upload(image.source, filename=image.name, **self._fields)
            try:
                job = self._client.wait(accepted.id, on_progress=show)
            except UpscaleInterrupted:
                # It may have ended in the meantime, or the service may be gone: the user has left in any case.
                with suppress(ClientError):
                    self._client.cancel(accepted.id)
                raise
            with interrupted.at_once():
                self._client.download(job, image.target)
        except ClientError as error:
            raise UpscaleFailed(str(error)) from error
        result = job.data["result"]
        changed = tuple(note["text"] for note in job.data["receipt"]["changed"])
        return Upscaled(result["width"], result["height"], changed)
