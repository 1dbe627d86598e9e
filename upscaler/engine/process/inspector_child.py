"""The child that inspects untrusted files: little memory, no secrets, no models."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from upscaler.engine.imaging.crops import Crop
from upscaler.engine.imaging.inspection import Cutting, InspectionLimits, inspect_image
from upscaler.engine.process import child_limits
from upscaler.engine.process.protocol import Message, decode_message, error_to_message, send, take_over_stdout
from upscaler.errors import UpscalerError

# Processor time for a file, and for each megapixel of its image in addition: decoders take some 0.02 s.
_CPU_SECONDS, _CPU_SECONDS_PER_MEGAPIXEL = 5.0, 0.1


def main(arguments: list[str]) -> None:
    """Serve until the input ends; the argument is the memory limit in bytes."""
    child_limits.limit_memory(int(arguments[0]))
    serve(sys.stdin.buffer, take_over_stdout(), child_limits.limit_cpu)


def serve(requests: IO[bytes], answers: IO[bytes], limit_cpu: Callable[[float], None]) -> None:
    """Answer each request with the properties of its file or with the error it raises.

    ``limit_cpu`` ends this process after so many further seconds of processor time.
    """
    send(answers, {"ready": True})
    for line in requests:
        send(answers, _answer(decode_message(line), limit_cpu))


def _answer(request: Message, limit_cpu: Callable[[float], None]) -> Message:
    limits, wanted = request["limits"], request["cut"]
    limit_cpu(_CPU_SECONDS)
    try:
        info = inspect_image(
            Path(request["path"]),
            InspectionLimits(**{**limits, "allowed_mimes": tuple(limits["allowed_mimes"])}),
            request["filename"],
            Cutting(Crop(**wanted["crop"]), Path(wanted["target"])) if wanted else None,
            lambda pixels: limit_cpu(_CPU_SECONDS + _CPU_SECONDS_PER_MEGAPIXEL * pixels / 1e6),
        )
    except UpscalerError as error:
        return error_to_message(error)
    return {"result": info.as_dict()}


if __name__ == "__main__":
    main(sys.argv[1:])
