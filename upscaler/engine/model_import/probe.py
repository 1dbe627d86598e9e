"""The examination of a model in a child process, so that a hostile or broken one can only harm that child."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from upscaler.engine.model_zoo.custom_model import Findings
from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.memory import resident_bytes
from upscaler.engine.process.protocol import Message, error_from_message
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess
from upscaler.errors import N_, ModelRefused

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class ProbeLimits:
    """The limits of an examination: wall time in seconds, resident memory of the child in bytes, and processors."""

    seconds: float = 120.0
    memory_bytes: int = 4 << 30
    threads: int = 2


def probe(folder: Path, kind: str, limits: ProbeLimits) -> Findings:
    """Examine the files in ``folder``, which have the names of ``custom_model.FILES``.

    Raises:
        ModelRefused: the model cannot be used, or it crashed, hung or took too much memory; the message says which.

    """
    folder = folder.resolve()
    child = ChildProcess(
        "upscaler.engine.model_import.probe_child",
        [str(folder), kind, str(limits.threads), str(limits.memory_bytes)],
        # A backend converts models in a process of its own, and one converted may lie beside the other.
        cage=Cage(writes=(str(folder),), programs=True, graphics=True),
        environment={"TMPDIR": str(folder)},
    )
    try:
        answer = _await_answer(child, limits)
    except ChildDiedError as death:
        logger.warning("probe_died", extra={"reason": death.reason, "log_tail": child.log_tail})
        raise ModelRefused(
            N_("The model was refused: the test process crashed (%(reason)s)."), reason=death.reason
        ) from death
    finally:
        child.kill()
    if "error" in answer:
        raise error_from_message(answer["error"])
    return Findings(**answer["result"])


def _await_answer(child: ChildProcess, limits: ProbeLimits) -> Message:
    deadline = time.monotonic() + limits.seconds
    while True:
        answer = child.receive(_POLL_SECONDS)
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise ModelRefused(
                N_("The model was refused: the test took longer than %(seconds)s seconds."),
                seconds=f"{limits.seconds:g}",
            )
        if resident_bytes(child.pid) > limits.memory_bytes:
            raise ModelRefused(
                N_("The model was refused: the test needed more than %(limit)s of memory."),
                limit=f"{limits.memory_bytes / (1 << 20):.0f} MiB",
            )
