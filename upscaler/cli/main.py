"""The command line: upscale images in this process, or with a running service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import config as configuration
from upscaler.cli.arguments import (
    CREDENTIALS,
    DEVICES,
    DOCTOR,
    MODEL_COMMANDS,
    build_parser,
    conflicts,
    options_of,
    output_for,
)
from upscaler.cli.inputs import STANDARD, Inputs, collect, listed
from upscaler.cli.interruption import Interruption, interruption
from upscaler.cli.output import Output
from upscaler.cli.plan import plan, without_results
from upscaler.cli.run import Outcome, Rules, Run, file_id
from upscaler.cli.terminal import complain, prepare, print_table, say, shown
from upscaler.cli.upscaling import ImageUpscaler
from upscaler.cli.values import parse
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.options import FACTORS, UpscaleOptions
from upscaler.engine.presets import PRESET_TABLE
from upscaler.engine.process.protocol import take_over_stdout

if TYPE_CHECKING:
    from upscaler.client import Client

# Heavy imports are made where they are needed, so that --help and --list-models answer at once.

EXIT_FAILED = 1
EXIT_WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status (argparse exits with 2 by itself on wrong use)."""
    prepare()
    arguments = sys.argv[1:] if arguments is None else arguments
    with interruption() as interrupted:
        try:
            return _run(arguments, interrupted)
        except configuration.ConfigError as error:
            complain(str(error))
            return EXIT_WRONG_USE
        except KeyboardInterrupt:
            complain("interrupted")
            return interrupted.status


def _run(arguments: Sequence[str], interrupted: Interruption) -> int:
    with interrupted.at_once():
        chosen = _chosen(arguments)
        if isinstance(chosen, int):
            return chosen
    return upscale_all(*chosen, interrupted)


def _chosen(arguments: Sequence[str]) -> tuple[Inputs, Output, UpscaleOptions, argparse.Namespace] | int:
    """Return what is to be upscaled, and how; or the exit status of a command that upscales nothing."""
    if is_about_models(arguments):
        from upscaler.cli.models import run_models  # noqa: PLC0415

        return run_models(arguments[1:])
    if is_command(DEVICES, arguments):
        from upscaler.cli.devices import show_devices  # noqa: PLC0415

        return show_devices(arguments[1:])
    if is_command(DOCTOR, arguments):
        from upscaler.cli.doctor import examine  # noqa: PLC0415

        return examine(arguments[1:])
    parser = build_parser()
    try:
        chosen = parse(parser, arguments, conflicts)
    except OSError as error:
        parser.error(shown(f"{error.filename}: {error.strerror}"))
    if chosen.list_models:
        return list_models(chosen)
    if chosen.list_presets:
        factors = ", ".join(FACTORS)
        rows = [(preset.name, preset.label, factors, preset.description) for preset in PRESET_TABLE.values()]
        print_table([("name", "label", "factors", "good for"), *rows])
        return 0
    if not chosen.inputs:
        parser.error("name at least one image or folder")
    options, output = options_of(chosen), output_for(chosen)
    try:
        check_standard_streams(chosen.inputs, output)
        inputs = inputs_of(chosen, output)
    except ValueError as error:
        parser.error(shown(error))
    return inputs, output, options, chosen


def check_standard_streams(given: Sequence[str], output: Output) -> None:
    """Raise ``ValueError`` where an image would be read from or written to a terminal."""
    if STANDARD in given and (sys.stdin is None or sys.stdin.isatty()):
        raise ValueError("standard input is a terminal: send an image to it, such as: < image.jpg")
    if output.is_standard and sys.stdout is None:
        raise ValueError("standard output is closed: add > image.png, or -o image.png")
    if output.is_standard and sys.stdout.isatty():
        raise ValueError("an image is not written to a terminal: add > image.png, or -o image.png")


def inputs_of(chosen: argparse.Namespace, output: Output) -> Inputs:
    """Return the images that the arguments name.

    Raises:
        ValueError: nothing of what they name exists, or OUT is one of them.

    """
    inputs = collect(chosen.inputs, recursive=chosen.recursive, results=output.folder)
    if set(inputs.missing) == set(chosen.inputs):
        raise ValueError(", ".join(f"{name or repr(name)} does not exist" for name in inputs.missing))
    if output.file is not None:
        own = file_id(output.file)
        if own is not None and own in {file_id(source.path) for source in inputs.sources}:
            raise ValueError(f"{output.file} is an input and is not overwritten")
    return inputs


def upscale_all(
    inputs: Inputs,
    output: Output,
    options: UpscaleOptions,
    chosen: argparse.Namespace,
    interrupted: Interruption,
) -> int:
    """Upscale what the arguments name, and print a summary; return the exit status."""
    sources, results = without_results(inputs.sources, output)
    rules = Rules(
        format_named(options.output_format).extensions[0],
        chosen.overwrite,
        chosen.skip_existing,
        chosen.quiet,
    )
    stdout = take_over_stdout() if output.is_standard else None
    run = Run(rules, sources, stdout)
    if results:
        names = listed([source.path.name for source in results])
        inputs.remarks.append(f"left out results of earlier runs: {names}")
    for remark in [] if chosen.quiet else inputs.remarks:
        complain(shown(remark))
    for name in inputs.missing:
        run.fail(name, "does not exist")
    for name, reason in inputs.problems:
        run.fail(name, reason)
    if sources and not interrupted():
        with upscaler_for(options, chosen, interrupted, several=len(sources) > 1) as upscaler:
            run.do(plan(sources, output, options), upscaler, interrupted)
    if not chosen.quiet:
        say(run.summary())
    if interrupted():
        complain("interrupted")
        return interrupted.status
    return EXIT_FAILED if run.counts[Outcome.FAILED] else 0


def is_about_models(arguments: Sequence[str]) -> bool:
    """Return whether the command is ``models ...``, and not an image or folder of that name."""
    return len(arguments) > 1 and arguments[0] == "models" and arguments[1] in MODEL_COMMANDS


def is_command(name: str, arguments: Sequence[str]) -> bool:
    """Return whether the first argument is that command, and not an image or folder of that name."""
    return bool(arguments) and arguments[0] == name and not Path(name).exists()


@contextmanager
def upscaler_for(
    options: UpscaleOptions, chosen: argparse.Namespace, interrupted: Interruption, *, several: bool
) -> Iterator[ImageUpscaler]:
    """Yield the upscaler: the service that was named, or the models in this process."""
    if chosen.server:
        from upscaler.cli.remote import RemoteUpscaler, pause_of  # noqa: PLC0415

        with client_for(chosen, pause_of(interrupted)) as client:
            yield RemoteUpscaler(client, options, several=several)
    else:
        from upscaler.cli.local import LocalUpscaler  # noqa: PLC0415

        yield LocalUpscaler(options, chosen, configuration.models_dir(), configuration.cache_dir())


def client_for(chosen: argparse.Namespace, sleep: Callable[[float], None] | None = None) -> Client:
    """Return a client of the service that was named; exit with 2 for an API key of the wrong form."""
    from upscaler.client import Client  # noqa: PLC0415

    try:
        return Client(chosen.server, os.environ.get(CREDENTIALS) or None, sleep=sleep)
    except ValueError as error:
        complain(f"{CREDENTIALS}: {error}")
        raise SystemExit(EXIT_WRONG_USE) from error


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
