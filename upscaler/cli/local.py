"""Upscaling in this process, without a server."""

from __future__ import annotations

import argparse
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from upscaler.cli.interruption import Interruption
from upscaler.cli.staging import TEMPORARY, StagedImage
from upscaler.cli.upscaling import Upscaled, UpscaleFailed, UpscaleInterrupted
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.notes import sentence_of
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings, available_threads
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, StorageFull, UpscalerError


class LocalUpscaler:
    """Runs models in this process; they are loaded with the first image and stay loaded."""

    def __init__(
        self, options: UpscaleOptions, arguments: argparse.Namespace, models_dir: Path, cache_dir: Path
    ) -> None:
        self._options = ModelFolder(models_dir).serving(options)
        settings = EngineSettings(
            engine=arguments.engine or "auto",
            threads=arguments.threads or available_threads(),
            tile_pixels=arguments.tile or 0,
            models_dir=str(models_dir),
            cache_dir=str(cache_dir),
        )
        self._engine = Engine(Upscaler(settings))

    def upscale(
        self, image: StagedImage, on_progress: Callable[[float], None], interrupted: Interruption
    ) -> Upscaled:
        """Upscale one image; see ``upscaling.ImageUpscaler``."""
        try:
            with tempfile.TemporaryDirectory(prefix=TEMPORARY) as scratch:
                result = upscale_file(
                    image.source,
                    image.target,
                    None,
                    self._options,
                    self._engine,
                    on_progress=on_progress,
                    should_stop=interrupted,
                    scratch=Scratch(Path(scratch)),
                )
        except EngineCanceled as error:
            raise UpscaleInterrupted from error
        except StorageFull as error:
            raise UpscaleFailed(os.strerror(errno.ENOSPC)) from error
        except UpscalerError as error:
            raise UpscaleFailed(error.internal_detail) from error
        changed = tuple(sentence_of(note) for note in result.receipt["changed"])
        return Upscaled(result.width, result.height, changed)
