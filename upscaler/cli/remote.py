"""Upscaling with a running service, through its API."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from upscaler.cli.tasks import Task, TaskFailed, TaskInterrupted, Upscaled
from upscaler.client import Client, ClientError, Job
from upscaler.engine.options import FIT, UpscaleOptions


class RemoteUpscaler:
    """Sends images to a service and fetches the results."""

    def __init__(self, client: Client, options: UpscaleOptions, *, several: bool) -> None:
        self._client = client
        choices = options.as_dict()
        if several:
            # Nobody waits for each single one of them.
            choices["priority"] = "batch"
        if options.factor == FIT:
            # The API knows a target by its width and height alone.
            del choices["factor"]
        self._choices = choices

    def upscale(
        self, task: Task, on_progress: Callable[[float], None], interrupted: Callable[[], bool]
    ) -> Upscaled:
        """Upscale one image; see ``tasks.ImageUpscaler``. An interrupted job is canceled on the service too."""

        def show(job: Job) -> None:
            on_progress(job.progress / 100)
            if interrupted():
                raise TaskInterrupted

        try:
            sent = self._client.upload(task.source, **self._choices)
            try:
                job = self._client.wait(sent.id, on_progress=show)
            except TaskInterrupted:
                # It may have ended in this moment, or the service may be gone; the person has left anyway.
                with suppress(ClientError):
                    self._client.cancel(sent.id)
                raise
            self._client.download(job, task.target)
        except ClientError as error:
            raise TaskFailed(str(error)) from error
        result = job.data["result"]
        changed = tuple(note["text"] for note in job.data["receipt"]["changed"])
        return Upscaled(result["width"], result["height"], changed)
