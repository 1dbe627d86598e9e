"""The errors of the client; each is a ``ClientError``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ClientError(Exception):
    """Base of the tree."""


class ApiError(ClientError):
    """The service refused a request.

    Attributes:
        status: HTTP status code.
        code: stable name of the problem, listed in ``docs/api.md``; ``http_error`` where the response has none.
        detail: the cause and the remedy, in the language of the client.
        retry_after: seconds to wait before another attempt, or None where the service gave none.
        request_id: id of the request in the service's log; empty where the response has none.
        errors: each parameter at fault, with ``parameter``, ``code`` and ``detail``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        retry_after: float | None = None,
        request_id: str = "",
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.request_id = request_id
        self.errors = tuple(errors)
        details = dict.fromkeys([detail, *(found.get("detail", "") for found in errors)])
        super().__init__(f"{' '.join(filter(None, details))} ({status} {code})")


class ServerUnreachable(ClientError):
    """There was no response: the service is down, its name is wrong, or the connection failed."""


class WaitTimeout(ClientError):
    """The job had not ended when the time was up; it goes on all the same."""


class JobNotCompleted(ClientError):
    """There is no result to fetch: the job failed, was canceled, or has not ended."""


class WebhookRejected(ClientError):
    """The message does not come from the service, was altered, or is too old."""
