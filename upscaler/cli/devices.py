"""``python -m upscaler devices``: what the models run on here, and how fast."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import config as configuration
from upscaler.cli.arguments import add_engine_arguments
from upscaler.cli.terminal import complain, print_table, say
from upscaler.cli.values import parse
from upscaler.engine.settings import EngineSettings, available_threads
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import UpscalerError

EXIT_NONE = 1


def show_devices(arguments: Sequence[str]) -> int:
    """Measure what was not measured yet, and print it; return the exit status: 1 where no engine can run here."""
    parser = argparse.ArgumentParser(
        prog="python -m upscaler devices",
        description="Print which engine runs each model here. What is not known is measured, within some ten seconds.",
    )
    add_engine_arguments(parser)
    chosen = parse(parser, arguments, _conflicts)
    settings = EngineSettings(
        engine=chosen.engine or "auto",
        threads=chosen.threads or available_threads(),
        models_dir=str(configuration.models_dir()),
        cache_dir=str(configuration.cache_dir()),
        trial=True,
    )
    upscaler = Upscaler(settings)
    try:
        upscaler.describe()
        while upscaler.refine():
            pass
    except UpscalerError as error:
        complain(error.internal_detail)
        return EXIT_NONE
    _show(upscaler.state())
    return 0


def _conflicts(_: argparse.Namespace) -> Iterator[str]:
    yield from ()


def _show(state: dict[str, Any]) -> None:
    say(f"{state['engine']} {state['precision']} on {state['device']}, {state['threads']} threads")
    for entry in state["not_taken"]:
        say(f"not used: {entry['engine']}, because {entry['reason']}")
    rows = [
        (
            name,
            f"{speed['engine']} {speed['precision']}",
            str(speed["streams"]),
            f"{speed['pixels_per_second']:,.0f}",
        )
        for name, speed in state["speeds"].items()
    ]
    if rows:
        print_table([("model", "fastest engine", "windows at once", "input pixels per second"), *rows])
