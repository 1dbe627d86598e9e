"""The plan of a run: the images to upscale, and the file of each result."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from upscaler.cli.inputs import Source
from upscaler.cli.output import Output
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.options import FACTORS, FIT, UpscaleOptions
from upscaler.filenames.text import MAX_BYTES, shortened, size_of, split_extension

# Name of what comes from standard input.
STDIN_NAME = "stdin"

# Bytes that a name leaves for a number.
_NUMBER_BYTES = 8
_RESULT = re.compile(rf"(.+)-(?:{'|'.join((*FACTORS, FIT))})(?:-\d+)?", re.DOTALL)


@dataclass(frozen=True)
class PlannedImage:
    """An image to upscale.

    Attributes:
        source: the image.
        target: the file to write, None for standard output.

    """

    source: Source
    target: Path | None


def plan(sources: Sequence[Source], output: Output, options: UpscaleOptions) -> list[PlannedImage]:
    """Return each image with the file of its result; no two have the same, on any file system."""
    if output.is_standard or output.file is not None:
        return [PlannedImage(source, output.file) for source in sources]
    extension = format_named(options.output_format).extensions[0]
    ending = f"-{options.factor}.{extension}"
    usual = [_folder_of(source, output) / _name(_stem(source), ending) for source in sources]
    count = Counter(map(_key, usual))
    taken: set[str] = set()
    planned = []
    for source, target in zip(sources, usual, strict=True):
        # a.jpg and a.png become a.jpg-4x.png and a.png-4x.png, whatever else is in the folder.
        wanted = target if count[_key(target)] == 1 else target.with_name(_name(source.path.name, ending))
        planned.append(PlannedImage(source, _free(wanted, taken)))
    return planned


def without_results(sources: Sequence[Source], output: Output) -> tuple[list[Source], list[Source]]:
    """Split images into those to upscale, and those of folders that are results of an earlier run beside them."""
    names: dict[Path, set[str]] = {}
    for source in sources:
        # a-4x.png is the result of a.png, and a.png-4x.png as well.
        names.setdefault(source.path.parent, set()).update((_stem(source), source.path.name))
    kept: list[Source] = []
    results: list[Source] = []
    for source in sources:
        match = _RESULT.fullmatch(_stem(source))
        is_result = match is not None and match[1] in names[source.path.parent]
        is_beside = source.folder is not None and _is_beside(source, output)
        (results if is_result and is_beside else kept).append(source)
    return kept, results


def _is_beside(source: Source, output: Output) -> bool:
    """Return whether the result of an image goes into the folder of the image."""
    return output.file is None and _folder_of(source, output).resolve() == source.path.parent.resolve()


def _stem(source: Source) -> str:
    return STDIN_NAME if source.is_standard else split_extension(source.path.name)[0]


def _folder_of(source: Source, output: Output) -> Path:
    """Return the folder of a result; the folders within a folder that was named are kept."""
    if source.is_standard:
        return output.folder or Path()
    if output.folder is None:
        return source.path.parent
    return output.folder / (source.path.parent.relative_to(source.folder) if source.folder else Path())


def _name(stem: str, ending: str) -> str:
    return shortened(stem, MAX_BYTES - _NUMBER_BYTES - size_of(ending)) + ending


def _key(path: Path) -> str:
    """Return what is the same for paths that some file system takes for one."""
    return unicodedata.normalize("NFC", os.fspath(path)).casefold()


def _free(wanted: Path, taken: set[str]) -> Path:
    """Return a path that is not in ``taken``, and add it there."""
    free, number = wanted, 1
    while _key(free) in taken:
        number += 1
        free = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    taken.add(_key(free))
    return free
