from __future__ import annotations

import pytest

from upscaler.client import errors


def test_a_refusal_reads_as_its_detail_with_status_and_code() -> None:
    error = errors.ApiError(429, "rate_limited", "Wait.", 3.0, "req-1", [{"parameter": "factor"}])

    assert str(error) == "Wait. (429 rate_limited)"
    assert (error.retry_after, error.request_id, error.errors) == (3.0, "req-1", ({"parameter": "factor"},))


@pytest.mark.parametrize(
    "kind",
    [
        errors.ApiError,
        errors.ServerUnreachable,
        errors.WaitTimeout,
        errors.JobNotCompleted,
        errors.WebhookRejected,
    ],
)
def test_one_class_catches_all(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.ClientError)
