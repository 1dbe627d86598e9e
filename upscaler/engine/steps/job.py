"""The state of one job, which each step fills in further."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.faces.report import Refinement
from upscaler.engine.faces.restore import FaceModels
from upscaler.engine.imaging.image import DecodedImage, Pixels
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.postprocess.finisher import Finished
from upscaler.engine.progress import Progress
from upscaler.engine.result import Previews
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.stage_run import StageRun
from upscaler.engine.tiling.upscaler import Upscaler

# The share of the whole that is done when a part ends. Reading takes little time beside the models, and writing follows
# them closely.
DECODED = 0.02
UPSCALED = 0.97
WRITTEN = 0.99
# The alpha channel takes a run of its own, of a fast model.
ALPHA_SHARE = 0.3
# Each face takes a moment, whatever the size of the image.
FACES_SHARE = 0.1


@dataclass
class Job:
    """The state of one job.

    Attributes:
        source: the file to read.
        target: the file to write.
        previews: the small copies to write, or None.
        options: what was asked for.
        upscaler: the models that upscale.
        face_models: the models for faces.
        scratch: holds the uncompressed result.
        progress: of the whole job.
        should_stop: asked between steps and tiles.
        attempts: the failures of backends.
        kind: the format of the result.
        jpeg_quality: of the image that the file is a piece of, None where it is whole or that has no trace of JPEG.
        image: the decoded input, from the step ``decode`` on.
        recipe: its models, from the same step on.
        result_size: width and height of the result in pixels, from the same step on.
        alphas: the alpha channel before the first stage and after each one, from the step ``alpha`` on.
        faces: the refined faces, from the step ``faces`` on; None where none were asked for.
        alpha_runs: what upscaled the alpha channel, stage by stage, from the step ``alpha`` on.
        finished: the report of each stage, from the step ``upscale`` on.
        runs: what upscaled the colours, stage by stage, from the same step on.

    """

    source: Path
    target: Path
    previews: Previews | None
    options: UpscaleOptions
    upscaler: Upscaler
    face_models: FaceModels
    scratch: Scratch
    progress: Progress
    should_stop: Callable[[], bool]
    attempts: AttemptLog
    kind: ImageFormat
    jpeg_quality: int | None = None
    image: DecodedImage = field(init=False)
    recipe: Recipe = field(init=False)
    result_size: tuple[int, int] = (0, 0)
    alphas: list[Pixels | None] = field(default_factory=list)
    faces: Refinement | None = None
    alpha_runs: list[StageRun] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)
    runs: list[StageRun] = field(default_factory=list)

    def upscaler_for(self, stage: Recipe) -> Upscaler:
        """Return the upscaler for a stage, in a precision that suits the image's depth."""
        return self.upscaler.suited_to(stage, deep=self.image.rgb.dtype == np.uint16, attempts=self.attempts)


def three_channels(pixels: Pixels) -> Pixels:
    """Return (H, W, 3) of an image with one channel or three, without a copy."""
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
