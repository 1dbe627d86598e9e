"""The images that the arguments name: files, the images in folders, standard input."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from upscaler.engine.imaging.formats import IMAGE_EXTENSIONS, format_of_content
from upscaler.engine.imaging.image_format import SIGNATURE_BYTES
from upscaler.filenames.junk import is_hidden, is_junk

# Stands for standard input, and as OUT for standard output.
STANDARD = "-"

# What follows the last dot of a name and is an extension: "Mr. Smith" and "at 10.32.07" have none.
_EXTENSION = re.compile(r"\.(?=[^.]*[A-Za-z])[A-Za-z0-9]{1,5}")


@dataclass(frozen=True)
class Source:
    """An image to upscale.

    Attributes:
        path: the file; of no meaning for standard input.
        folder: the folder that was named and in which it was found, None for a file that was named itself.
        is_standard: whether it comes from standard input.

    """

    path: Path
    folder: Path | None = None
    is_standard: bool = False

    def __str__(self) -> str:
        return "standard input" if self.is_standard else str(self.path)


@dataclass
class Inputs:
    """What the arguments name.

    Attributes:
        sources: the images, in the order of the arguments, those of a folder by name.
        missing: files and folders that do not exist.
        problems: what exists and cannot be read, with the reason.
        remarks: what was left out, in sentences.

    """

    sources: list[Source] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def collect(given: Sequence[str], *, recursive: bool, results: Path | None) -> Inputs:
    """Return the images of the arguments; a file that is named twice is one.

    Args:
        given: the arguments.
        recursive: whether images in the folders of folders are meant as well.
        results: folder of the results: what is in it is no input.

    """
    inputs = Inputs()
    seen: set[Path | None] = set()
    for text in given:
        try:
            sources = _named(text, inputs, recursive=recursive, results=results)
        except OSError as error:
            inputs.problems.append((text, error.strerror or str(error)))
            continue
        for source in sources:
            key = None if source.is_standard else source.path.resolve()
            if key not in seen:
                seen.add(key)
                inputs.sources.append(source)
    return inputs


def _named(text: str, inputs: Inputs, *, recursive: bool, results: Path | None) -> list[Source]:
    """Return the images that one argument names."""
    path = Path(text)
    if text == STANDARD:
        return [Source(path, is_standard=True)]
    if not text:
        inputs.missing.append(text)
    elif path.is_dir():
        found = list(_in_folder(path, inputs, recursive=recursive, results=results))
        if not found:
            inputs.remarks.append(f"there are no images in {path}")
        return found
    elif is_junk(path.name):
        inputs.remarks.append(f"left out {path}, which is a file of the system")
    elif path.is_file():
        return [Source(path)]
    elif path.exists():
        inputs.problems.append((str(path), "is neither a file nor a folder; to read from a pipe, use -"))
    else:
        inputs.missing.append(str(path))
    return []


def _in_folder(folder: Path, inputs: Inputs, *, recursive: bool, results: Path | None) -> Iterator[Source]:
    """Yield the images in a folder, by name, and remark what was left out."""
    own = results.resolve() if results is not None else None
    left_out: list[str] = []

    def note(error: OSError) -> None:
        inputs.problems.append((str(error.filename), error.strerror or str(error)))

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(
            name for name in folders if not _is_uninteresting(name) and Path(place, name).resolve() != own
        )
        yield from (
            Source(Path(place, name), folder)
            for name in sorted(files)
            if not _is_uninteresting(name) and _is_image(Path(place, name))
        )
        if not recursive:
            left_out += folders
            break
    if left_out:
        inputs.remarks.append(
            f"left out the folders in {folder}: {listed(left_out)}; add --recursive for them"
        )


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names as a list in a sentence, at most so many of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _is_uninteresting(name: str) -> bool:
    return is_hidden(name) or is_junk(name)


def _is_image(path: Path) -> bool:
    """Return whether a file in a folder is an image by its name, or has no extension and begins as an image does."""
    if not path.is_file():
        return False
    extension = path.suffix
    if _EXTENSION.fullmatch(extension):
        return extension[1:].lower() in IMAGE_EXTENSIONS
    try:
        with path.open("rb") as file:
            return format_of_content(file.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return False
