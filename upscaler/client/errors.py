"""What can go wrong for a user of the client; every error is a ``ClientError``."""

from __future__ import annotations


class ClientError(Exception):
    """Base of the tree."""


class ApiError(ClientError):
    """The service refused a request.

    Attributes:
        status: HTTP status code.
        code: stable name of the problem, listed in ``docs/api.md``; ``http_error`` when the answer named none.
        detail: what happened and what to do, in the language that was asked for.
        retry_after: seconds to wait before another try, or None where the service gave none.
        request_id: names the request in the service's log; empty when the answer named none.
    """

    def __init__(
        self, status: int, code: str, detail: str, retry_after: float | None = None, request_id: str = ""
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.request_id = request_id
        super().__init__(f"{detail} ({status} {code})")


class ServerUnreachable(ClientError):
    """No answer came: the service is down, its name is wrong, or the network failed."""


class WaitTimeout(ClientError):
    """The job had not ended when the time was up; it goes on all the same."""


class JobNotCompleted(ClientError):
    """There is no result to fetch: the job failed, was canceled, or has not ended."""


class WebhookRejected(ClientError):
    """The message does not come from the service, was altered, or is too old."""
