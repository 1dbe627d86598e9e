from __future__ import annotations

import pytest

from upscaler.client import errors


def test_a_refusal_reads_as_its_detail_with_status_and_code() -> None:
    error = errors.ApiError(429, "rate_limited", "Wait.", 3.0, "req-1", [{"parameter": "factor"}])

    assert str(error) == "Wait. (429 rate_limited)"
    assert (error.retry_after, error.request_id, error.errors) == (3.0, "req-1", ({"parameter": "factor"},))


def test_a_refusal_of_several_parameters_reads_as_all_of_their_details() -> None:
    found = [{"parameter": name, "code": "invalid_parameter", "detail": f"Change {name}."} for name in "ab"]

    error = errors.ApiError(422, "invalid_parameter", "Change a.", errors=found)

    assert str(error) == "Change a. Change b. (422 invalid_parameter)"
    assert error.detail == "Change a."


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
