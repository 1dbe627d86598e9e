"""The files that an image is worked on with: plain paths, and a result that appears only when it is whole."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from upscaler.cli.interruption import Interruption
from upscaler.cli.plan import STDIN_NAME, PlannedImage
from upscaler.engine.result import part_path

# Prefix of temporary folders, and the link in one to the folder of the result.
TEMPORARY = "upscaler-"
RESULTS = "results"


@dataclass(frozen=True)
class StagedImage:
    """An image that is worked on.

    Attributes:
        source: the file to read.
        target: the file to write; it is put in its place afterwards.
        name: the file name of the image, for a service.

    """

    source: Path
    target: Path
    name: str


@contextmanager
def staged(
    image: PlannedImage, extension: str, stdout: IO[bytes] | None, interrupted: Interruption
) -> Iterator[StagedImage]:
    """Yield the files of an image, and put the result in its place when the block ends without an error.

    Libraries take no names that are not valid UTF-8, so both files are reached through links in a temporary folder.

    Args:
        image: the image; its target's folder exists.
        extension: of the result, without the dot.
        stdout: standard output, where the result goes there.
        interrupted: of the program; a pipe may keep its reader or writer waiting for as long as it likes.

    Raises:
        OSError: a file cannot be read or written.

    """
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder:
        workplace = Path(folder)
        with interrupted.at_once():
            source = _source(image, workplace)
        target = workplace / f"result.{extension}"
        if image.target is not None:
            results = workplace / RESULTS
            results.symlink_to(image.target.parent.resolve(), target_is_directory=True)
            target = results / f".{TEMPORARY}{uuid.uuid4().hex}.{extension}"
        try:
            name = STDIN_NAME if image.source.is_standard else image.source.path.name
            yield StagedImage(source, target, name)
            if image.target is not None:
                target.replace(image.target)
            elif stdout is not None:
                with interrupted.at_once():
                    _copy(target, stdout)
        finally:
            for path in (target, part_path(target)):
                path.unlink(missing_ok=True)


def _source(image: PlannedImage, workplace: Path) -> Path:
    if image.source.is_standard:
        source = workplace / STDIN_NAME
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        return source
    path = image.source.path
    # The extension stays: the receipt compares it with the content.
    source = workplace / f"source{path.suffix if path.suffix.isascii() else ''}"
    source.symlink_to(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the last link
    return source


def _copy(result: Path, stdout: IO[bytes]) -> None:
    with result.open("rb") as file:
        shutil.copyfileobj(file, stdout)
    stdout.flush()
