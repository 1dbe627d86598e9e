"""The command line: upscale images in this process, or with a running service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import config as configuration
from upscaler.cli.arguments import CREDENTIALS, MODEL_COMMANDS, build_parser, conflicts, options_of
from upscaler.cli.plan import PlannedImage, plan
from upscaler.cli.terminal import complain, interruption, print_table
from upscaler.cli.upscaling import ImageUpscaler, UpscaleFailed, UpscaleInterrupted
from upscaler.cli.values import parse
from upscaler.engine.options import FACTORS, UpscaleOptions
from upscaler.engine.presets import PRESET_TABLE

if TYPE_CHECKING:
    from upscaler.client import Client

# Heavy imports are made where they are needed, so that --help and --list-models answer at once.

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status (argparse exits with 2 by itself on wrong use)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if is_about_models(arguments):
        from upscaler.cli.models import run_models  # noqa: PLC0415

        return run_models(arguments[1:])
    parser = build_parser()
    chosen = parse(parser, arguments, conflicts)
    if chosen.list_models:
        return list_models(chosen)
    if chosen.list_presets:
        factors = ", ".join(FACTORS)
        rows = [(preset.name, preset.label, factors, preset.description) for preset in PRESET_TABLE.values()]
        print_table([("name", "label", "factors", "good for"), *rows])
        return 0
    if not chosen.inputs:
        parser.error("name at least one image or folder")
    options = options_of(chosen)
    try:
        images = plan(chosen.inputs, chosen.output, options)
    except ValueError as error:
        parser.error(str(error))
    try:
        with upscaler_for(options, chosen, several=len(images) > 1) as upscaler:
            return run(images, upscaler, chosen)
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED


def is_about_models(arguments: Sequence[str]) -> bool:
    """Return whether the command is ``models ...``, and not an image or folder of that name."""
    return len(arguments) > 1 and arguments[0] == "models" and arguments[1] in MODEL_COMMANDS


@contextmanager
def upscaler_for(
    options: UpscaleOptions, chosen: argparse.Namespace, *, several: bool
) -> Iterator[ImageUpscaler]:
    """Yield the upscaler: the service that was named, or the models in this process."""
    if chosen.server:
        from upscaler.cli.remote import RemoteUpscaler  # noqa: PLC0415

        with client_for(chosen) as client:
            yield RemoteUpscaler(client, options, several=several)
    else:
        from upscaler.cli.local import LocalUpscaler  # noqa: PLC0415

        yield LocalUpscaler(options, chosen, configuration.models_dir())


def client_for(chosen: argparse.Namespace) -> Client:
    """Return a client of the service that was named; exit with 2 for an API key of the wrong form."""
    from upscaler.client import Client  # noqa: PLC0415

    try:
        return Client(chosen.server, os.environ.get(CREDENTIALS) or None)
    except ValueError as error:
        complain(f"{CREDENTIALS}: {error}")
        raise SystemExit(EXIT_WRONG_USE) from error


def run(images: Sequence[PlannedImage], upscaler: ImageUpscaler, chosen: argparse.Namespace) -> int:
    """Upscale one image after another; a failure of one does not stop the others."""
    with interruption() as interrupted:
        succeeded = [attempt(image, upscaler, chosen, interrupted) for image in images]
        if interrupted():
            complain("interrupted")
            return EXIT_INTERRUPTED
    return 0 if all(succeeded) else EXIT_FAILED


def attempt(
    image: PlannedImage, upscaler: ImageUpscaler, chosen: argparse.Namespace, interrupted: Callable[[], bool]
) -> bool:
    """Upscale one image and print its result; on failure print the reason in one line and return False."""
    from tqdm import tqdm  # noqa: PLC0415

    if interrupted():
        return False
    hidden = chosen.quiet or not sys.stderr.isatty()
    try:
        image.prepare(overwrite=chosen.overwrite)
        with tqdm(total=100, desc=image.source.name, unit="%", disable=hidden, leave=False) as bar:

            def show(done: float) -> None:
                bar.update(round(100 * done) - bar.n)

            result = upscaler.upscale(image, show, interrupted)
    except UpscaleInterrupted:
        return False
    except UpscaleFailed as error:
        complain(f"{image.source}: {error}")
        return False
    except OSError as error:
        complain(f"{image.source}: {error.strerror or error}")
        return False
    if not chosen.quiet:
        print(f"{image.target} ({result.width} x {result.height})")
        for change in result.changed:
            print(f"  {change}")
    return True


def list_models(chosen: argparse.Namespace) -> int:
    """Print a table of the models, of the service where one was named; return the exit status."""
    if chosen.server:
        from upscaler.client import ClientError  # noqa: PLC0415

        try:
            with client_for(chosen) as client:
                models = client.models()
        except ClientError as error:
            complain(str(error))
            return EXIT_FAILED
        rows = [
            (model["name"], model["type"], f"{model['scale']}x", model["licence"], model["sha256"][:12])
            for model in models
        ]
        print_table([("name", "type", "scale", "licence", "SHA-256"), *rows])
        return 0
    from upscaler.engine.model_zoo.catalogue import MODELS  # noqa: PLC0415

    known = [
        (
            *(model.name, model.type, f"{model.scale}x"),
            "" if model.noise_level is None else str(model.noise_level),
            *(model.licence, model.bin_sha256[:12]),
        )
        for model in MODELS.values()
    ]
    print_table([("name", "type", "scale", "noise", "licence", "SHA-256"), *known])
    return 0
