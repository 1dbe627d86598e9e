"""A client for the API: send images, wait for them, fetch the results, and check webhooks.

It needs nothing else of this project, no settings and no database. ::

    from upscaler.client import Client

    with Client("https://images.example.org", token="upk_...") as client:
        job = client.upload("portrait.jpg", factor="4x", preset="face")
        job = client.wait(job.id)
        client.download(job, "portrait-4x.png")
"""

from __future__ import annotations

from upscaler.client.api import Client
from upscaler.client.batch import Batch
from upscaler.client.errors import (
    ApiError,
    ClientError,
    JobNotCompleted,
    ServerUnreachable,
    WaitTimeout,
    WebhookRejected,
)
from upscaler.client.job import Job
from upscaler.client.webhooks import verify_webhook

__all__ = [
    "ApiError",
    "Batch",
    "Client",
    "ClientError",
    "Job",
    "JobNotCompleted",
    "ServerUnreachable",
    "WaitTimeout",
    "WebhookRejected",
    "verify_webhook",
]
