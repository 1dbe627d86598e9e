"""The plan of a run: the images to upscale, and the file of each result."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from upscaler.engine.imaging.formats import IMAGE_EXTENSIONS, format_named
from upscaler.engine.options import UpscaleOptions


@dataclass(frozen=True)
class PlannedImage:
    """An image to upscale, and the file to write."""

    source: Path
    target: Path

    def prepare(self, *, overwrite: bool) -> None:
        """Make the folder of the result; raise ``FileExistsError`` for a result that exists, without ``overwrite``."""
        if self.target.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, f"{self.target} exists; add --overwrite to replace it")
        self.target.parent.mkdir(parents=True, exist_ok=True)


def plan(inputs: Sequence[Path], output: Path | None, options: UpscaleOptions) -> list[PlannedImage]:
    """Return each image of the inputs with the file of its result.

    Raises:
        ValueError: an input is missing, two results would have the same name, or a result would replace an
            input.

    """
    missing = [given for given in inputs if not (given.is_dir() or given.is_file())]
    if missing:
        raise ValueError("; ".join(f"{given} does not exist" for given in missing))
    sources = [source for given in inputs for source in images_of(given)]
    if not sources:
        raise ValueError("there are no images in the given folders")
    one_file = len(inputs) == 1 and not inputs[0].is_dir() and output is not None and is_file_name(output)
    extension = format_named(options.output_format).extensions[0]
    images = []
    for source in sources:
        name = f"{source.stem}-{options.factor}.{extension}"
        target = output if one_file and output is not None else (output or source.parent) / name
        images.append(PlannedImage(source, target))
    if output is not None and not one_file and (output.is_file() or is_file_name(output)):
        raise ValueError(f"{output} must be a folder when there are several images")
    check_targets(images)
    return images


def images_of(given: Path) -> Iterator[Path]:
    """Yield a file itself, or the images directly in a folder, by name."""
    if given.is_dir():
        yield from sorted(
            path for path in given.iterdir() if path.is_file() and path.suffix[1:].lower() in IMAGE_EXTENSIONS
        )
    else:
        yield given


def is_file_name(path: Path) -> bool:
    """Return whether an output is a file: an existing one, or a name that ends like an image's and is no folder."""
    return not path.is_dir() and (path.is_file() or path.suffix[1:].lower() in IMAGE_EXTENSIONS)


def check_targets(images: Sequence[PlannedImage]) -> None:
    """Raise ``ValueError`` when results would replace an input or each other."""
    sources = {image.source.resolve() for image in images}
    seen: dict[Path, Path] = {}
    for image in images:
        target = image.target.resolve()
        if target in sources:
            raise ValueError(f"{image.target} is an input and is not overwritten")
        if target in seen:
            raise ValueError(f"{seen[target]} and {image.source} would both become {image.target}")
        seen[target] = image.source
