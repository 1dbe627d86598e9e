"""The command line: upscale images in this process, or with a running service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import config as configuration
from upscaler.cli.arguments import CREDENTIALS, LOCAL_ONLY, MODEL_COMMANDS, build_parser, options_of
from upscaler.cli.tasks import ImageUpscaler, Task, TaskFailed, TaskInterrupted, plan
from upscaler.cli.terminal import complain, interruption, print_table
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.presets import PRESET_TABLE
from upscaler.errors import InvalidParameter

if TYPE_CHECKING:
    from upscaler.client import Client

# Heavy imports stand where they are needed: --help and --list-models answer at once.

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status (argparse ends with 2 by itself on wrong use)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if is_about_models(arguments):
        from upscaler.cli.models import run_models  # noqa: PLC0415

        return run_models(arguments[1:])
    parser = build_parser()
    choices = parser.parse_args(arguments)
    if choices.server:
        for name in LOCAL_ONLY:
            if getattr(choices, name) is not None:
                parser.error(f"--{name} is the server's own choice and cannot be given with --server")
    if choices.list_models:
        return list_models(choices)
    if choices.list_presets:
        print_table([(preset.name, preset.description) for preset in PRESET_TABLE.values()])
        return 0
    if not choices.inputs:
        parser.error("name at least one image or folder")
    try:
        options = options_of(choices)
        tasks = plan(choices.inputs, choices.output, options)
    except (ValueError, InvalidParameter) as error:
        parser.error(str(error))
    try:
        with upscaler_for(options, choices, several=len(tasks) > 1) as upscaler:
            return run(tasks, upscaler, choices)
    except KeyboardInterrupt:
        complain("interrupted")
        return EXIT_INTERRUPTED


def is_about_models(arguments: Sequence[str]) -> bool:
    """Tell the command ``models ...`` from an image or folder of that name."""
    return len(arguments) > 1 and arguments[0] == "models" and arguments[1] in MODEL_COMMANDS


@contextmanager
def upscaler_for(
    options: UpscaleOptions, choices: argparse.Namespace, *, several: bool
) -> Iterator[ImageUpscaler]:
    """Give what upscales: the service that was named, or the networks in this process."""
    if choices.server:
        from upscaler.cli.remote import RemoteUpscaler  # noqa: PLC0415

        with client_for(choices) as client:
            yield RemoteUpscaler(client, options, several=several)
    else:
        from upscaler.cli.local import LocalUpscaler  # noqa: PLC0415

        yield LocalUpscaler(options, choices, configuration.models_dir())


def client_for(choices: argparse.Namespace) -> Client:
    """Build the client of the service that was named; end with 2 where the API key cannot be one."""
    from upscaler.client import Client  # noqa: PLC0415

    try:
        return Client(choices.server, os.environ.get(CREDENTIALS) or None)
    except ValueError as error:
        complain(f"{CREDENTIALS}: {error}")
        raise SystemExit(EXIT_WRONG_USE) from error


def run(tasks: Sequence[Task], upscaler: ImageUpscaler, choices: argparse.Namespace) -> int:
    """Upscale one image after another; a failure of one does not stop the others."""
    with interruption() as interrupted:
        succeeded = [attempt(task, upscaler, choices, interrupted) for task in tasks]
        if interrupted():
            complain("interrupted")
            return EXIT_INTERRUPTED
    return 0 if all(succeeded) else EXIT_FAILED


def attempt(
    task: Task, upscaler: ImageUpscaler, choices: argparse.Namespace, interrupted: Callable[[], bool]
) -> bool:
    """Upscale one image and say so; on failure say why in one line and return False."""
    from tqdm import tqdm  # noqa: PLC0415

    if interrupted():
        return False
    hidden = choices.quiet or not sys.stderr.isatty()
    try:
        task.prepare(overwrite=choices.overwrite)
        with tqdm(total=100, desc=task.source.name, unit="%", disable=hidden, leave=False) as bar:

            def show(share: float) -> None:
                bar.update(round(100 * share) - bar.n)

            result = upscaler.upscale(task, show, interrupted)
    except TaskInterrupted:
        return False
    except TaskFailed as error:
        complain(f"{task.source}: {error}")
        return False
    except OSError as error:
        complain(f"{task.source}: {error.strerror or error}")
        return False
    if not choices.quiet:
        print(f"{task.target} ({result.width} x {result.height})")
        for change in result.changed:
            print(f"  {change}")
    return True


def list_models(choices: argparse.Namespace) -> int:
    """Print a table of the networks, of the service where one was named; return the exit status."""
    if choices.server:
        from upscaler.client import ClientError  # noqa: PLC0415

        try:
            with client_for(choices) as client:
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
