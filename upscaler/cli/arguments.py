"""What may be written on the command line, and which choices it means."""

from __future__ import annotations

import argparse
from pathlib import Path

from upscaler.engine.imaging.formats import OUTPUT_FORMATS, format_for_extension
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
from upscaler.engine.settings import ENGINE_NAMES

# Credentials stand in the environment: every user of a machine can read the arguments of a program.
CREDENTIALS = "UPSCALER_TOKEN"
# The options of the engine in this process; a server has its own.
LOCAL_ONLY = ("engine", "threads", "tile")
# What may follow ``models``, so that a folder of that name can still be upscaled.
MODEL_COMMANDS = ("add", "list", "remove", "check", "-h", "--help")


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m upscaler",
        description="Upscale images with neural networks.",
        epilog="Networks of your own: python -m upscaler models --help",
    )
    parser.add_argument("inputs", metavar="IN", nargs="*", type=Path, help="images, or folders of images")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="file for one image, folder for several (default: beside IN)",
    )
    parser.add_argument("--factor", choices=FACTORS, help="how much larger (default: 4x)")
    parser.add_argument(
        "--width", type=positive, metavar="PIXELS", help="width of the result, in place of --factor"
    )
    parser.add_argument(
        "--height", type=positive, metavar="PIXELS", help="height of the result; with both, the smaller"
    )
    parser.add_argument(
        "--preset", choices=PRESETS, default="photo", help="kind of image (default: %(default)s)"
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
        "--refine-faces",
        action="store_true",
        help="restore faces with the face model that was added, or with the networks that do best on them",
    )
    parser.add_argument(
        "--no-match-colours",
        dest="match_colours",
        action="store_false",
        help="leave the tones as the networks give them, some levels off those of the original",
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
        "--model", metavar="NAME", help="a network by its name, in place of those of the preset"
    )
    parser.add_argument("--engine", choices=ENGINE_NAMES, help="what computes (default: auto)")
    parser.add_argument("--threads", type=positive, help="processors to use (default: all)")
    parser.add_argument("--tile", type=positive, metavar="PIXELS", help="side of a tile (default: automatic)")
    parser.add_argument(
        "--server",
        metavar="URL",
        help=f"let a running service do the work; an API key is taken from {CREDENTIALS}",
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
        refine_faces=choices.refine_faces,
        output_format=output_format,
        quality=choices.quality,
        keep_metadata=choices.keep_metadata,
        sharpen=choices.sharpen,
        detail=choices.detail,
        target_width=choices.width,
        target_height=choices.height,
        model=choices.model,
        match_colours=choices.match_colours,
    )
