"""Measure how fast each backend runs each model on this machine.

All measurements of one run are interleaved: every round measures each pair once, and the median over the
rounds is shown, so that a machine that is busy for a while slows all of them down alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from skimage import data

from bench.peers import NcnnBf16Backend, OnnxRuntimeBackend
from upscaler.engine.backends.base import Backend, LoadedModel, Window
from upscaler.engine.backends.mnn import MnnBackend
from upscaler.engine.backends.ncnn import NcnnCpuBackend, NcnnVulkanBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.windows import run_window
from upscaler.engine.backends.wrapper import WrapperBackend
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

MODEL_NAMES = (
    "realesrgan-x4plus",
    "realesrgan-x4plus-anime",
    "realesr-animevideov3-x4",
    "waifu2x-upconv7-photo",
    "waifu2x-cunet",
)


@dataclass
class Entry:
    """One model on one backend, and the seconds that each of its runs took."""

    model: str
    backend: str
    loaded: LoadedModel
    seconds: list[float] = field(default_factory=list)


def candidates(settings: EngineSettings) -> list[Backend]:
    """Return every backend that runs models, in each of its precisions."""
    return [
        WrapperBackend(settings),
        NcnnCpuBackend(settings),
        NcnnBf16Backend(settings),
        OnnxRuntimeBackend(settings),
        OpenVinoBackend(settings, "fp32"),
        OpenVinoBackend(settings, "bf16"),
        MnnBackend(settings),
        NcnnVulkanBackend(settings, "fp32"),
        NcnnVulkanBackend(settings, "fp16"),
    ]


def load(settings: EngineSettings, names: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Load every pair that runs here; return the reasons of the others."""
    entries: list[Entry] = []
    reasons: list[str] = []
    for backend in candidates(settings):
        title = f"{backend.name} {backend.precision}"
        reason = backend.probe()
        if reason:
            reasons.append(f"{title}: {reason}")
            continue
        for name in names:
            loaded = _load_one(backend, name)
            if isinstance(loaded, str):
                reasons.append(f"{title}: {loaded}")
            else:
                entries.append(Entry(name, title, loaded))
    return entries, reasons


def _load_one(backend: Backend, name: str) -> LoadedModel | str:
    """Return a loaded model, or the reason why this backend does not run it."""
    try:
        return backend.load(MODELS[name])
    except EngineUnavailable as error:
        return error.detail


def measure(entries: Sequence[Entry], window: Window, rounds: int) -> None:
    """Run each pair once to warm up, then once in each round."""
    for entry in entries:
        run_window(entry.loaded, window)
    for _ in range(rounds):
        for entry in entries:
            start = time.perf_counter()
            run_window(entry.loaded, window)
            entry.seconds.append(time.perf_counter() - start)


def show(entries: Sequence[Entry], pixels: int) -> None:
    """Print a table: speed, and the ratio to the slowest backend of each model."""
    print(f"{'model':26}{'backend':26}{'ms':>9}{'input px/s':>12}{'ratio':>8}")
    for name in dict.fromkeys(entry.model for entry in entries):
        medians = {
            entry.backend: statistics.median(entry.seconds) for entry in entries if entry.model == name
        }
        slowest = max(medians.values())
        for backend, seconds in sorted(medians.items(), key=lambda item: -item[1]):
            speed = pixels / seconds
            print(f"{name:26}{backend:26}{seconds * 1000:9.1f}{speed:12.0f}{slowest / seconds:7.1f}x")


def main() -> None:
    """Measure and print."""
    defaults = EngineSettings()
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller window and fewer rounds")
    parser.add_argument(
        "--threads", type=int, default=defaults.threads, help="processors to use (%(default)s)"
    )
    parser.add_argument("--gpu", type=int, default=-1, help="Vulkan device, -1 for the first real one")
    options = parser.parse_args()

    side, rounds = (64, 2) if options.quick else (128, 5)
    photograph = data.astronaut()  # type: ignore[no-untyped-call]  # skimage has no types
    window = np.ascontiguousarray(photograph[100 : 100 + side, 160 : 160 + side])
    settings = EngineSettings(threads=options.threads, gpu_index=options.gpu)
    entries, reasons = load(settings, MODEL_NAMES)
    print(f"window of {side} x {side} px, {options.threads} threads, median of {rounds} rounds\n")
    measure(entries, window, rounds)
    show(entries, side * side)
    if reasons:
        print("\nnot measured:")
    for reason in reasons:
        print(f"  {reason}")


if __name__ == "__main__":
    main()
