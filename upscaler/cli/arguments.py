"""The arguments of the command line, and the options that they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator

from upscaler.cli.output import Output, output_of
from upscaler.cli.terminal import shown
from upscaler.cli.values import Wrong, name_of, number_of, one_of
from upscaler.engine.backends.registry import ENGINE_NAMES
from upscaler.engine.option_kinds import Choice, Flag, Option, WholeNumber
from upscaler.engine.options import OPTIONS, UpscaleOptions

# Credentials stand in the environment: every user of a machine can read the arguments of a program.
CREDENTIALS = "UPSCALER_TOKEN"
# Used where the options of an upload have no default, or another one.
DEFAULTS = {"factor": "4x", "preset": "photo"}
# The options of the engine in this process; a server has its own.
LOCAL_ONLY = ("engine", "threads", "tile")
_THREADS, _TILE = WholeNumber(range(1, 257)), WholeNumber(range(1, 4097))
# Arguments that follow ``models`` as a command, so that a folder of that name can still be upscaled.
MODEL_COMMANDS = ("add", "list", "remove", "check", "-h", "--help")

# The command that shows what the models can run on, and the one that looks for what is wrong with the set-up.
DEVICES, DOCTOR = "devices", "doctor"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m upscaler",
        description="Upscale images with neural networks.",
        epilog="Exit status: 0 when all is done or there was nothing to do, 1 when an image failed, 2 for wrong use. "
        "Models of your own: python -m upscaler models --help. What they run on here: python -m upscaler devices. "
        "What is unsafe in the set-up of the service: python -m upscaler doctor",
    )
    parser.add_argument(
        "inputs", metavar="IN", nargs="*", help="images, or folders of images; - reads from standard input"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file for one image, whose ending sets the format, or folder for several; - writes to standard output "
        "(default: beside IN)",
    )
    parser.add_argument(
        "--recursive", action="store_true", help="upscale images in the folders of a folder as well"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace results that exist")
    parser.add_argument(
        "--skip-existing",
        action="store_true",
        help="leave results that exist (default for the images of folders)",
    )
    for option in OPTIONS.values():
        add_option(parser, option)
    add_engine_arguments(parser)
    parser.add_argument(
        "--tile",
        type=number_of("--tile", _TILE),
        metavar="PIXELS",
        help="side of a tile (default: automatic)",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help=f"address of a running service that does the work; an API key is taken from {CREDENTIALS}",
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--list-models", action="store_true", help="print the models and exit")
    parser.add_argument("--list-presets", action="store_true", help="print the presets and exit")
    return parser


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what computes in this process."""
    parser.add_argument(
        "--engine",
        type=one_of("--engine", ENGINE_NAMES),
        metavar=listed(ENGINE_NAMES),
        help="engine to compute with (default: auto)",
    )
    parser.add_argument(
        "--threads", type=number_of("--threads", _THREADS), help="number of processors to use (default: all)"
    )


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add the argument of an option of an upload. It is None where it was not given."""
    flag = f"--{(option.flag or option.name).replace('_', '-')}"
    default = DEFAULTS.get(option.name, option.default)
    usual = f" (default: {default})" if default is not None and not isinstance(default, bool) else ""
    words, kind = (option.help + usual).replace("%", "%%"), option.kind
    if isinstance(kind, Flag):
        parser.add_argument(flag, dest=option.name, action=argparse.BooleanOptionalAction, help=words)
    elif isinstance(kind, Choice):
        choices = tuple(kind.labels)
        parser.add_argument(
            flag, dest=option.name, type=one_of(flag, choices), metavar=listed(choices), help=words
        )
    elif isinstance(kind, WholeNumber):
        shape = kind.unit.upper() or kind.expected
        parser.add_argument(flag, dest=option.name, type=number_of(flag, kind), metavar=shape, help=words)
    else:
        parser.add_argument(flag, dest=option.name, type=name_of(flag, kind), metavar="NAME", help=words)


def listed(choices: Collection[str]) -> str:
    """Return choices as the help shows them."""
    return "{" + ",".join(choices) + "}"


def conflicts(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield a phrase for each argument that does not go with the others."""
    if arguments.server:
        for name in LOCAL_ONLY:
            if getattr(arguments, name) is not None:
                yield f"--{name} is the server's own choice and cannot be given with --server"
    targets = (arguments.target_width, arguments.target_height)
    if arguments.factor is not None and targets != (None, None):
        yield "argument --factor: not allowed with arguments --width and --height"
    if arguments.detail is not None and arguments.model is not None:
        yield "argument --detail: not allowed with argument --model"
    if arguments.skip_existing and arguments.overwrite:
        yield "argument --skip-existing: not allowed with argument --overwrite"
    if arguments.inputs and not isinstance(arguments.output_format, Wrong):
        try:
            output_for(arguments)
        except ValueError as error:
            yield shown(error)


def output_for(arguments: argparse.Namespace) -> Output:
    """Return where results go; raises ``ValueError`` as ``output_of`` does."""
    return output_of(arguments.output, arguments.inputs, arguments.output_format)


def options_of(arguments: argparse.Namespace) -> UpscaleOptions:
    """Return the options that were given; the ending of OUT decides about the format without ``--format``."""
    given = {name: getattr(arguments, name) for name in OPTIONS if getattr(arguments, name) is not None}
    named = output_for(arguments).format_name
    if named is not None:
        given.setdefault("output_format", named)
    defaults = dict(DEFAULTS)
    if "target_width" in given or "target_height" in given:
        del defaults["factor"]
    return UpscaleOptions.from_mapping({**defaults, **given})
