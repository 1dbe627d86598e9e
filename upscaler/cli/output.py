"""Where results go: beside their originals, into a folder, into one file, or to standard output."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from upscaler.cli.inputs import STANDARD
from upscaler.engine.imaging.formats import FORMATS, format_for_extension

# An ending that makes an OUT that does not exist a file. "v1.2" and "Mr. Smith" are folders.
_ENDING = re.compile(r"\.(?=.*[A-Za-z])\S+")


@dataclass(frozen=True)
class Output:
    """Where results go; nothing is set for results beside their originals.

    Attributes:
        folder: the folder of all results.
        file: the file of the only result.
        is_standard: whether the only result goes to standard output.

    """

    folder: Path | None = None
    file: Path | None = None
    is_standard: bool = False

    @property
    def format_name(self) -> str | None:
        """The format that the ending of the file names, None where there is no file or no ending."""
        named = None if self.file is None else format_for_extension(self.file.suffix[1:])
        return None if named is None else named.name


def output_of(text: str | None, given: list[str], format_name: str | None) -> Output:
    """Return where results go.

    Args:
        text: OUT, as it was given.
        given: the inputs.
        format_name: the format that was asked for, or None.

    Raises:
        ValueError: OUT does not go together with the inputs, or with the format.

    """
    is_one_image = len(given) == 1 and not Path(given[0]).is_dir()
    if text is None:
        return Output(is_standard=given == [STANDARD])
    if text == STANDARD:
        if not is_one_image:
            raise ValueError("only one image can go to standard output")
        return Output(is_standard=True)
    path = Path(text)
    if not text:
        raise ValueError("OUT is empty: name a file or a folder")
    if not _is_file(text, path):
        return Output(folder=path)
    if not is_one_image:
        raise ValueError(
            f"{text} must be a folder when there are several images; end it in {os.sep} to make a folder of that name"
        )
    output = Output(file=path)
    _check_format(output, path, format_name)
    return output


def _is_file(text: str, path: Path) -> bool:
    """Return whether OUT is a file: one that exists, or a name with an ending.

    Raises:
        ValueError: it exists and is neither a file nor a folder.
    """
    if path.is_dir() or text.endswith(("/", os.sep)):
        return False
    if path.exists() and not path.is_file():
        raise ValueError(f"{text} is neither a file nor a folder; for standard output, use -")
    return path.is_file() or _ENDING.fullmatch(path.suffix) is not None


def _check_format(output: Output, path: Path, format_name: str | None) -> None:
    if not path.suffix:
        return
    writable = {kind.name: kind for kind in FORMATS if kind.writable}
    if output.format_name not in writable:
        endings = ", ".join(f".{kind.extensions[0]}" for kind in writable.values())
        raise ValueError(
            f"{path} cannot be written: results are files that end in {endings}; "
            f"end it in {os.sep} to make a folder of that name"
        )
    if format_name is not None and output.format_name != format_name:
        raise ValueError(
            f"{path} is no file of --format {format_name}: leave --format out, or change the ending"
        )
