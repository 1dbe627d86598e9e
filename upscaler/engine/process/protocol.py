"""The protocol between parent and child: one JSON object per line.

The parent sends ``{"do": name, ...}``. The child first sends ``{"ready": true}``, and answers each request
with any number of ``{"progress": share}`` and then one ``{"result": ...}`` or ``{"error": {...}}``. In between it may
report the backend in use, as ``{"state": {...}}``, whenever that has changed, and the device at work at that moment, as
``{"use": {...}}`` or ``{"use": null}``.

A request may carry a number in ``"request_id"``. It is small and urgent: the child answers it in a pause of the request
that it works on, and every answer to it carries the same number.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import IO, Any

from upscaler import errors

Message = dict[str, Any]


def encode_message(message: Mapping[str, Any]) -> bytes:
    """Return the message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode_message(line: bytes) -> Message:
    """Read a line; raise ``ValueError`` when it is not a JSON object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the input is wrong, not the call
    return message


def send(stream: IO[bytes], message: Mapping[str, Any]) -> None:
    """Write one message and flush it."""
    stream.write(encode_message(message))
    stream.flush()


def error_to_message(error: errors.UpscalerError) -> Message:
    """Return an error as JSON-ready values."""
    return {
        "error": {
            "class": type(error).__name__,
            "message": error.message,
            "values": {name: _plain(value) for name, value in error.values.items()},
        }
    }


def error_from_message(described: Mapping[str, Any]) -> errors.UpscalerError:
    """Build the error that a child described, as the same class."""
    kind = getattr(errors, str(described["class"]), errors.EngineError)
    if not (isinstance(kind, type) and issubclass(kind, errors.UpscalerError)):
        kind = errors.EngineError
    return kind(described["message"], **described["values"])


def take_over_stdout() -> IO[bytes]:
    """Return a private stream to the parent; all else that is printed, natively too, goes to stderr."""
    private = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(private, "wb")


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
