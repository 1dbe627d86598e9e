"""Which image becomes which file, and what can come of it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from upscaler.engine.imaging.formats import IMAGE_EXTENSIONS, format_named
from upscaler.engine.options import UpscaleOptions


class TaskFailed(Exception):
    """One image could not be upscaled; the text says why, in one line."""


class TaskInterrupted(Exception):
    """The person at the terminal wants no more."""


@dataclass(frozen=True)
class Task:
    """One image to upscale and the file to write."""

    source: Path
    target: Path

    def prepare(self, *, overwrite: bool) -> None:
        """Make the folder of the result; raise ``FileExistsError`` when the result is there and must stay."""
        if self.target.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, f"{self.target} exists; add --overwrite to replace it")
        self.target.parent.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Upscaled:
    """A result: its size in pixels, and a sentence for each thing that was changed."""

    width: int
    height: int
    changed: tuple[str, ...]


class ImageUpscaler(Protocol):
    """Whatever upscales: the networks in this process, or a server."""

    def upscale(
        self, task: Task, on_progress: Callable[[float], None], interrupted: Callable[[], bool]
    ) -> Upscaled:
        """Write the result of a task; ``on_progress`` is told shares from 0 to 1.

        Raises:
            TaskFailed: this image cannot be upscaled.
            TaskInterrupted: ``interrupted`` said so.
            OSError: a file cannot be read or written.

        """


def plan(inputs: Sequence[Path], output: Path | None, options: UpscaleOptions) -> list[Task]:
    """Say which file becomes which.

    Raises:
        ValueError: an input is missing, two results would have the same name, or a result would replace an
            input.

    """
    sources = [source for given in inputs for source in images_of(given)]
    if not sources:
        raise ValueError("there are no images in the given folders")
    one_file = len(inputs) == 1 and not inputs[0].is_dir() and output is not None and is_file_name(output)
    extension = format_named(options.output_format).extensions[0]
    tasks = []
    for source in sources:
        name = f"{source.stem}-{options.factor}.{extension}"
        target = output if one_file and output is not None else (output or source.parent) / name
        tasks.append(Task(source, target))
    if output is not None and not one_file and (output.is_file() or is_file_name(output)):
        raise ValueError(f"{output} must be a folder when there are several images")
    check_targets(tasks)
    return tasks


def images_of(given: Path) -> Iterator[Path]:
    """Yield a file itself, or the images directly in a folder, by name."""
    if given.is_dir():
        yield from sorted(
            path for path in given.iterdir() if path.is_file() and path.suffix[1:].lower() in IMAGE_EXTENSIONS
        )
    elif given.is_file():
        yield given
    else:
        raise ValueError(f"{given} does not exist")


def is_file_name(path: Path) -> bool:
    """Tell a file to write from a folder: a folder exists, or its name does not end like an image's."""
    return not path.is_dir() and (path.is_file() or path.suffix[1:].lower() in IMAGE_EXTENSIONS)


def check_targets(tasks: Sequence[Task]) -> None:
    """Raise ``ValueError`` when results would replace an input or each other."""
    sources = {task.source.resolve() for task in tasks}
    seen: dict[Path, Path] = {}
    for task in tasks:
        target = task.target.resolve()
        if target in sources:
            raise ValueError(f"{task.target} is an input and is not overwritten")
        if target in seen:
            raise ValueError(f"{seen[target]} and {task.source} would both become {task.target}")
        seen[target] = task.source
