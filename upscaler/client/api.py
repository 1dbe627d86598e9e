"""A client for the REST API of a service."""

from __future__ import annotations

from types import TracebackType

from upscaler.client.batch_calls import BatchCalls
from upscaler.client.job_calls import JobCalls
from upscaler.client.preview_calls import PreviewCalls
from upscaler.client.service_calls import ServiceCalls


class Client(JobCalls, BatchCalls, PreviewCalls, ServiceCalls):
    """Talks to one service; may be used as a context manager, and by one thread at a time.

    Args:
        server: address of the service, such as ``https://images.example.org``.
        token: an API key (``upk_...``) or an access token; None for a visitor.
        timeout_seconds: for one step of a request: connecting, sending a block, waiting for the response.
        attempts: maximum number of times that a request is sent, where there is no response or the service is busy.
        language: of the sentences in errors, as ``Accept-Language`` has it.
        sleep: called with the seconds of each pause, by default ``time.sleep``; what it raises ends the call.

    Raises:
        ValueError: ``token`` or ``attempts`` cannot be used.

    """

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
