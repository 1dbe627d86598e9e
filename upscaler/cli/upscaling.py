"""The upscaling of one image: what the command line asks of this process and of a service alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from upscaler.cli.interruption import Interruption
from upscaler.cli.staging import StagedImage


class UpscaleFailed(Exception):
    """An image could not be upscaled; the text is the reason, in one line."""


class UpscaleInterrupted(Exception):
    """The user interrupted the program."""


@dataclass(frozen=True)
class Upscaled:
    """A result: its size in pixels, and a sentence for each change."""

    width: int
    height: int
    changed: tuple[str, ...]


class ImageUpscaler(Protocol):
    """Upscales images: with models in this process, or with a service."""

    def upscale(
        self, image: StagedImage, on_progress: Callable[[float], None], interrupted: Interruption
    ) -> Upscaled:
        """Write the result of an image; ``on_progress`` gets the part that is done, from 0 to 1.

        Raises:
            UpscaleFailed: this image cannot be upscaled.
            UpscaleInterrupted: ``interrupted`` returned true.
            OSError: a file cannot be read or written.

        """
