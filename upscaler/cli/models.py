"""``python -m upscaler models``: add custom models, list, check and remove them."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

import config as configuration
from upscaler.cli.arguments import listed
from upscaler.cli.terminal import complain, print_table, say
from upscaler.cli.values import one_of, parse
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_import.importer import import_model, too_large
from upscaler.engine.model_import.probe import ProbeLimits, probe
from upscaler.engine.model_zoo.custom_model import (
    FACES,
    MAX_LICENCE,
    Findings,
    Use,
    check_licence,
    check_name,
)
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import FACTORS, PRESETS
from upscaler.engine.settings import available_threads
from upscaler.errors import ModelConflict, ModelNotFound, ModelRefused, UnusableParameter, UpscalerError

EXIT_REFUSED = 1
_TIMEOUT_SECONDS = 60.0
_SCHEMES = ("http", "https")


def run_models(arguments: Sequence[str]) -> int:
    """Run one of the commands; return the exit status: 1 for a refused model, 2 (by argparse) for wrong use."""
    parser = build_parser()
    choices = parse(parser, arguments, conflicts)
    models = ModelFolder(configuration.models_dir())
    commands: dict[str, Callable[[], int]] = {
        "add": lambda: add(choices, models),
        "list": lambda: show(models),
        "remove": lambda: remove(choices.model, models),
        "check": lambda: check(choices.model, models),
    }
    try:
        return commands[choices.command]()
    except ModelNotFound:
        parser.error(f"there is no added model {choices.model}")
    except UpscalerError as error:
        complain(error.internal_detail)
    except (OSError, httpx.HTTPError) as error:
        complain(str(error))
    return EXIT_REFUSED


def build_parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(prog="python -m upscaler models", description="Models of your own.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("add", help="test a model and add it")
    new.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="an .onnx file, a .param and a .bin file of ncnn, or a .zip with either; a path or a URL",
    )
    new.add_argument("--name", help="lower-case letters, digits, - and _ (default: the name of the file)")
    new.add_argument("--licence", default="", help=f"of the weights, at most {MAX_LICENCE} characters")
    new.add_argument(
        "--sha256", metavar="HEX", action="append", default=[], help="of each FILE in turn; URLs need it"
    )
    for flag, allowed, words in (
        ("--preset", PRESETS, "preset to use it for, with --factor"),
        ("--factor", FACTORS, "factor to use it for, with --preset"),
    ):
        new.add_argument(flag, type=one_of(flag, allowed), metavar=listed(allowed), help=words)
    commands.add_parser("list", help="list the added models")
    for name, words in (("remove", "remove a model"), ("check", "test a model again")):
        commands.add_parser(name, help=words).add_argument("model", metavar="NAME")
    return parser


def conflicts(choices: argparse.Namespace) -> Iterator[str]:
    """Yield a phrase for each argument of ``add`` that cannot be used, or does not go with the others."""
    if choices.command != "add":
        return
    if bool(choices.preset) != bool(choices.factor):
        yield "--preset and --factor go together"
    if choices.sha256 and len(choices.sha256) != len(choices.files):
        yield "give one --sha256 for each FILE, in the same order"
    if not choices.sha256 and any(is_url(given) for given in choices.files):
        yield "a URL needs --sha256, so that no other file is accepted in its place"
    for given in choices.files:
        if not is_url(given) and not Path(given).is_file():
            yield f"{given} does not exist"
    for check, value in ((check_name, model_name(choices)), (check_licence, choices.licence)):
        try:
            check(value)
        except UnusableParameter as error:
            yield f"argument --{error.parameter}: {value!r} is invalid"


def model_name(choices: argparse.Namespace) -> str:
    """Return the name that was given, or that of the first file."""
    return str(choices.name or default_name(choices.files[0]))


def add(choices: argparse.Namespace, models: ModelFolder) -> int:
    """Test the files of a model and add it."""
    name = model_name(choices)
    if name in models.names():
        raise ModelConflict(name=name)
    uses = (Use(choices.preset, choices.factor),) if choices.preset else ()
    staging = models.staging()
    try:
        with tempfile.TemporaryDirectory(prefix="upscaler-") as folder:
            files = received(choices.files, choices.sha256, Path(folder))
            manifest = import_model(
                files,
                staging,
                name=name,
                licence=choices.licence,
                uses=uses,
                source=choices.files[0] if is_url(choices.files[0]) else "",
                max_bytes=max_bytes(),
                limits=limits(),
            )
        models.put(staging, manifest)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    say(f"{name} was added: {described(manifest.findings)}")
    return 0


def show(models: ModelFolder) -> int:
    """Print a table of the added models."""
    rows = [("name", "kind", "for", "scale", "serves", "licence", "SHA-256")]
    for name in models.names():
        manifest = models.find(name)
        serves = ", ".join(f"{use.preset} {use.factor}" for use in manifest.uses)
        model = manifest.model(models.folder(name))
        purpose = manifest.findings.purpose
        serves = "refined faces" if purpose == FACES and manifest.active else serves
        what = (name, manifest.kind, purpose, f"{model.scale}x", serves)
        rows.append((*what, model.licence, model.bin_sha256[:12]))
    print_table(rows)
    return 0


def remove(name: str, models: ModelFolder) -> int:
    """Remove a model."""
    models.remove(name)
    say(f"{name} was removed")
    return 0


def check(name: str, models: ModelFolder) -> int:
    """Compare a model's files with their SHA-256, test it again and store the findings."""
    manifest = models.find(name)
    manifest.model(models.folder(name)).verified()
    found = probe(models.folder(name), manifest.kind, limits())
    models.update(replace(manifest, findings=found))
    say(f"{name} is fine: {described(found)}")
    return 0


def received(files: Sequence[str], sha256: Sequence[str], folder: Path) -> list[tuple[str, Path]]:
    """Download URLs into ``folder``, and compare each file with its SHA-256 where one was given.

    Raises:
        ModelRefused: a file has another SHA-256.
        FileTooLarge: the file at a URL is larger than a model may be.
        httpx.HTTPError: a URL cannot be downloaded.

    """
    found = []
    for number, given in enumerate(files):
        path = fetched(given, folder / str(number)) if is_url(given) else Path(given)
        if sha256 and sha256_of(path) != sha256[number].lower():
            raise ModelRefused("The model was refused: %(file)s has another SHA-256.", file=given)
        found.append((urlsplit(given).path if is_url(given) else given, path))
    return found


def fetched(url: str, target: Path) -> Path:
    """Download a URL to ``target``."""
    left = max_bytes()
    with (
        httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_SECONDS) as answer,
        target.open("wb") as file,
    ):
        answer.raise_for_status()
        for block in answer.iter_bytes():
            left -= len(block)
            if left < 0:
                raise too_large(max_bytes())
            file.write(block)
    return target


def is_url(given: str) -> bool:
    """Return whether it is a URL, and not a path."""
    return urlsplit(given).scheme in _SCHEMES


def default_name(given: str) -> str:
    """Return a name for a model from the name of its file."""
    stem = Path(urlsplit(given).path if is_url(given) else given).stem.lower()
    plain = "".join(character if character.isascii() and character.isalnum() else "-" for character in stem)
    return plain.strip("-")


def limits() -> ProbeLimits:
    """Return the limits of a test in this process."""
    return ProbeLimits(threads=available_threads())


def max_bytes() -> int:
    """Return the maximum size of a model in bytes: the default, not the service's setting."""
    return int(configuration.Config.model_fields["max_model_size_bytes"].default)


def described(found: Findings) -> str:
    """Return the findings in one line."""
    if found.purpose == FACES:
        return f"faces of {found.maximum_side} px, {found.input_range}, with {found.engine}"
    sizes = f"{found.maximum_side} px tiles" if found.maximum_side else "any size"
    colours = "one channel" if found.channels == 1 else "RGB"
    return (
        f"{found.scale}x, {colours}, {found.input_range} to {found.output_range}, {sizes}, "
        f"overlap {found.overlap} px, {found.seconds_per_megapixel:g} s per megapixel with {found.engine}"
    )
