"""The command line: enlarge pictures in this process, without a server."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from upscaler.engine.formats import OUTPUT_FORMATS, PICTURE_EXTENSIONS, format_for_extension, format_named
from upscaler.engine.options import (
    DENOISE_LEVELS,
    DETAILS,
    FACTORS,
    FIT,
    KEEP_METADATA,
    PRESETS,
    QUALITIES,
    SHARPEN_LEVELS,
    UpscaleOptions,
)
from upscaler.engine.settings import ENGINE_NAMES, EngineSettings, available_threads
from upscaler.errors import EngineCanceled, InvalidParameter, UpscalerError

if TYPE_CHECKING:
    from upscaler.engine.networks import Networks

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Task:
    """One picture to enlarge and the file to write."""

    source: Path
    target: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status (argparse ends with 2 by itself on wrong use)."""
    parser = build_parser()
    choices = parser.parse_args(arguments)
    if choices.list_models:
        list_models()
        return 0
    if choices.list_presets:
        print("\n".join(PRESETS))
        return 0
    if not choices.inputs:
        parser.error("name at least one picture or folder")
    try:
        options = options_of(choices)
        tasks = plan(choices.inputs, choices.output, options)
    except (ValueError, InvalidParameter) as error:
        parser.error(str(error))
    try:
        return run(tasks, options, choices)
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m upscaler", description="Enlarge pictures with neural networks."
    )
    parser.add_argument("inputs", metavar="IN", nargs="*", type=Path, help="pictures, or folders of pictures")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="file for one picture, folder for several (default: beside IN)",
    )
    parser.add_argument("--factor", choices=FACTORS, help="how much larger (default: 4x)")
    parser.add_argument(
        "--width", type=positive, metavar="PIXELS", help="width of the result, in place of --factor"
    )
    parser.add_argument(
        "--height", type=positive, metavar="PIXELS", help="height of the result; with both, the smaller"
    )
    parser.add_argument(
        "--preset", choices=PRESETS, default="photo", help="kind of picture (default: %(default)s)"
    )
    parser.add_argument(
        "--denoise", choices=DENOISE_LEVELS, default="none", help="noise removal (default: %(default)s)"
    )
    parser.add_argument(
        "--sharpen",
        choices=SHARPEN_LEVELS,
        default="none",
        help="sharpening without halos (default: %(default)s)",
    )
    parser.add_argument(
        "--detail",
        type=int,
        choices=DETAILS,
        metavar="0-100",
        help="from the truest (0) to the sharpest networks (default: the preset's own)",
    )
    parser.add_argument(
        "--format", choices=OUTPUT_FORMATS, help="format of the result (default: by OUT, else png)"
    )
    parser.add_argument(
        "--quality",
        type=int,
        choices=QUALITIES,
        metavar="1-100",
        help="of a JPEG, WebP or AVIF file (default: the kind's own)",
    )
    parser.add_argument(
        "--keep-metadata",
        choices=KEEP_METADATA,
        nargs="?",
        const="yes",
        default="no",
        help="keep camera, exposure, dates and author; all: the place as well (default: %(default)s)",
    )
    parser.add_argument(
        "--engine", choices=ENGINE_NAMES, default="auto", help="what computes (default: %(default)s)"
    )
    parser.add_argument(
        "--threads", type=positive, default=available_threads(), help="processors to use (default: all)"
    )
    parser.add_argument(
        "--tile", type=positive, default=0, metavar="PIXELS", help="side of a tile (default: automatic)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace results that exist")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--list-models", action="store_true", help="print the networks and leave")
    parser.add_argument("--list-presets", action="store_true", help="print the presets and leave")
    return parser


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def options_of(choices: argparse.Namespace) -> UpscaleOptions:
    """Turn parsed arguments into options; OUT's extension decides the format where ``--format`` does not."""
    output_format = choices.format
    if output_format is None:
        named = format_for_extension(choices.output.suffix[1:]) if choices.output else None
        output_format = named.name if named and named.writable else "png"
    return UpscaleOptions(
        factor=choices.factor or (FIT if choices.width or choices.height else "4x"),
        preset=choices.preset,
        denoise=choices.denoise,
        output_format=output_format,
        quality=choices.quality,
        keep_metadata=choices.keep_metadata,
        sharpen=choices.sharpen,
        detail=choices.detail,
        target_width=choices.width,
        target_height=choices.height,
    )


def plan(inputs: Sequence[Path], output: Path | None, options: UpscaleOptions) -> list[Task]:
    """Say which file becomes which.

    Raises:
        ValueError: an input is missing, two results would have the same name, or a result would replace an
            input.

    """
    sources = [source for given in inputs for source in pictures_of(given)]
    if not sources:
        raise ValueError("there are no pictures in the given folders")
    one_file = len(inputs) == 1 and not inputs[0].is_dir() and output is not None and is_file_name(output)
    extension = format_named(options.output_format).extensions[0]
    tasks = []
    for source in sources:
        name = f"{source.stem}-{options.factor}.{extension}"
        target = output if one_file and output is not None else (output or source.parent) / name
        tasks.append(Task(source, target))
    if output is not None and not one_file and (output.is_file() or is_file_name(output)):
        raise ValueError(f"{output} must be a folder when there are several pictures")
    check_targets(tasks)
    return tasks


def pictures_of(given: Path) -> Iterator[Path]:
    """Yield a file itself, or the pictures directly in a folder, by name."""
    if given.is_dir():
        yield from sorted(
            path
            for path in given.iterdir()
            if path.is_file() and path.suffix[1:].lower() in PICTURE_EXTENSIONS
        )
    elif given.is_file():
        yield given
    else:
        raise ValueError(f"{given} does not exist")


def is_file_name(path: Path) -> bool:
    """Tell a file to write from a folder: a folder exists, or its name does not end like a picture's."""
    return not path.is_dir() and (path.is_file() or path.suffix[1:].lower() in PICTURE_EXTENSIONS)


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


def run(tasks: Sequence[Task], options: UpscaleOptions, choices: argparse.Namespace) -> int:
    """Enlarge one picture after another; a failure of one does not stop the others."""
    # Heavy imports stand where they are needed: --help and --list-models answer at once.
    from upscaler.engine.networks import Networks  # noqa: PLC0415

    networks = Networks(
        EngineSettings(engine=choices.engine, threads=choices.threads, tile_pixels=choices.tile)
    )
    with interruption() as interrupted:
        succeeded = [attempt(task, options, networks, choices, interrupted) for task in tasks]
    if interrupted():
        complain("interrupted")
        return EXIT_INTERRUPTED
    return 0 if all(succeeded) else EXIT_FAILED


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed; pressed again, it ends the program at once.

    The usual exception could be raised inside a callback from a native library, which swallows it.
    """
    pressed = threading.Event()

    def press(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def attempt(
    task: Task,
    options: UpscaleOptions,
    networks: Networks,
    choices: argparse.Namespace,
    interrupted: Callable[[], bool],
) -> bool:
    """Enlarge one picture; on failure say why in one line and return False."""
    try:
        enlarge(task, options, networks, choices, interrupted)
    except EngineCanceled:
        return False
    except UpscalerError as error:
        complain(f"{task.source}: {error.detail}")
        return False
    except OSError as error:
        complain(f"{task.source}: {error.strerror or error}")
        return False
    return True


def enlarge(
    task: Task,
    options: UpscaleOptions,
    networks: Networks,
    choices: argparse.Namespace,
    interrupted: Callable[[], bool],
) -> None:
    """Enlarge one picture and say so; raise ``FileExistsError`` when the result is there already."""
    from tqdm import tqdm  # noqa: PLC0415

    from upscaler.engine.pipeline import upscale_file  # noqa: PLC0415

    if interrupted():
        raise EngineCanceled
    if task.target.exists() and not choices.overwrite:
        raise FileExistsError(errno.EEXIST, f"{task.target} exists; add --overwrite to replace it")
    task.target.parent.mkdir(parents=True, exist_ok=True)
    hidden = choices.quiet or not sys.stderr.isatty()
    with (
        tempfile.TemporaryDirectory(prefix="upscaler-") as scratch,
        tqdm(total=100, desc=task.source.name, unit="%", disable=hidden, leave=False) as bar,
    ):

        def show(share: float) -> None:
            bar.update(round(100 * share) - bar.n)

        result = upscale_file(
            task.source,
            task.target,
            None,
            options,
            networks,
            on_progress=show,
            should_stop=interrupted,
            scratch_dir=Path(scratch),
        )
    if not choices.quiet:
        print(f"{task.target} ({result.width} x {result.height})")
        for change in result.receipt["changed"]:
            print(f"  {change}")


def list_models() -> None:
    """Print a table of the networks that the project knows."""
    from upscaler.engine.catalogue import MODELS  # noqa: PLC0415

    rows = [("name", "type", "scale", "noise", "licence", "SHA-256")]
    for model in MODELS.values():
        noise = "" if model.noise_level is None else str(model.noise_level)
        rows.append((model.name, model.type, f"{model.scale}x", noise, model.licence, model.bin_sha256[:12]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(f"upscaler: {text}", file=sys.stderr)
