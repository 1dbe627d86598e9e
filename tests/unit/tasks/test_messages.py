"""Messages of the queue: ids of jobs in JSON; all else is refused."""

from __future__ import annotations

import json

import pytest
from huey.registry import Message

from upscaler.tasks.messages import JobIdSerializer, UnknownMessageError

TASK = "module.run_job"
JOB_ID = "job_0123456789abcdef0123456789abcdef"


def message(*args: object, name: str = TASK, kwargs: dict[str, object] | None = None) -> Message:
    return Message(id="1", name=name, args=args, kwargs=kwargs or {})


def test_an_id_goes_in_and_comes_out() -> None:
    serializer = JobIdSerializer(TASK)
    data = serializer.serialize(message(JOB_ID))
    assert json.loads(data) == {"job_id": JOB_ID}
    read = serializer.deserialize(data)
    assert (read.name, read.args, read.kwargs) == (TASK, (JOB_ID,), {})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80\x04K\x01.", id="pickle"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"{}", id="no id"),
        pytest.param(b'{"job_id": 1}', id="a number"),
        pytest.param(b'{"job_id": ["job_1"]}', id="a list as id"),
        pytest.param(b'{"job_id": "job_1", "name": "other"}', id="a further member"),
        pytest.param(b'{"job_id": "upl_1"}', id="another kind of id"),
        pytest.param(b'{"job_id": "job_1\\n"}', id="a line end"),
        pytest.param(b'{"job_id": "job_../../x"}', id="a path"),
        pytest.param(b'{"job_id": "job_' + b"a" * 37 + b'"}', id="too long"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_all_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownMessageError):
        JobIdSerializer(TASK).deserialize(data)


@pytest.mark.parametrize(
    "data",
    [
        message(JOB_ID, name="module.other"),
        message(JOB_ID, JOB_ID),
        message(),
        message(JOB_ID, kwargs={"a": 1}),
        message(b"job_1"),
        (None, False),
    ],
)
def test_only_ids_of_jobs_are_enqueued(data: object) -> None:
    with pytest.raises(UnknownMessageError):
        JobIdSerializer(TASK).serialize(data)
