"""The child that examines an untrusted model: no secrets, little memory, and no way to outlive its parent."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from pathlib import Path

from upscaler.engine.process import child_limits
from upscaler.engine.process.protocol import Message, error_to_message, send, take_over_stdout
from upscaler.engine.settings import EngineSettings
from upscaler.errors import N_, ModelRefused

logger = logging.getLogger(__name__)

# The libraries reserve more than they touch; the parent watches the touched memory.
_RESERVED_BYTES = 8 << 30


def main(arguments: list[str]) -> None:
    """Examine one model and answer; arguments are the folder, kind, threads and memory in bytes."""
    child_limits.limit_memory(int(arguments[3]) + _RESERVED_BYTES)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    answers = take_over_stdout()
    send(answers, _answer(Path(arguments[0]), arguments[1], int(arguments[2])))


def _answer(folder: Path, kind: str, threads: int) -> Message:
    from upscaler.engine.model_import.examine import examine  # noqa: PLC0415 - the limits come before the libraries

    try:
        return {"result": asdict(examine(folder, kind, EngineSettings(threads=threads)))}
    except ModelRefused as error:
        return error_to_message(ModelRefused(error.message, **error.values))
    except MemoryError:
        return error_to_message(ModelRefused(N_("The model was refused: it needs too much memory.")))
    except Exception as error:
        # Any error of a library over an untrusted file is a fault of that file here.
        logger.exception("probe_failed")
        words = " ".join(str(error).split())[:200]
        return error_to_message(ModelRefused(N_("The model was refused: %(reason)s"), reason=words))


if __name__ == "__main__":
    main(sys.argv[1:])
