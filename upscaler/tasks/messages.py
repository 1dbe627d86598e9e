"""What the queue carries: JSON with the id of one job, and nothing that is run or evaluated.

Huey's own messages are pickled Python objects: a client that can write to the queue runs code by them.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from huey.registry import Message
from huey.serializer import Serializer

_JOB_ID = re.compile(r"job_[0-9A-Za-z_-]{1,36}")
# Longer ones are none of this program's.
_MOST_BYTES = 200


class UnknownMessageError(ValueError):
    """The queue holds something that is not the id of a job."""


class JobIdSerializer(Serializer):
    """Writes and reads the messages of one task, which takes the id of a job.

    Args:
        task: name under which Huey knows the task.
    """

    def __init__(self, task: str) -> None:
        super().__init__()
        self._task = task

    def _serialize(self, data: Any) -> bytes:
        """Return the message; raise ``UnknownMessageError`` for any other task, and for any other argument."""
        if not isinstance(data, Message) or data.name != self._task or len(data.args) != 1 or data.kwargs:
            raise UnknownMessageError("only the id of a job can be enqueued")
        return json.dumps({"job_id": _checked(data.args[0])}).encode()

    def _deserialize(self, data: bytes) -> Message:
        """Return the message; raise ``UnknownMessageError`` for what is none."""
        try:
            found = json.loads(data) if len(data) <= _MOST_BYTES else None
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.keys() != {"job_id"}:
            raise UnknownMessageError("the queue holds a message that is not of this program")
        job_id = _checked(found["job_id"])
        return Message(
            id=str(uuid.uuid4()), name=self._task, retries=0, retry_delay=0, args=(job_id,), kwargs={}
        )


def _checked(job_id: object) -> str:
    if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id):
        raise UnknownMessageError("the queue holds something that is not the id of a job")
    return job_id
