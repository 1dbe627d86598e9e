"""The pipeline of one upscaled image from file to file: a list of named parts, each in a module of ``steps``."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.faces.restore import FaceModels
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.imaging.transcode import check_writers
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.progress import DECODING, ENCODING, UPSCALING, Progress
from upscaler.engine.result import Previews, UpscaleResult
from upscaler.engine.steps.alpha import upscale_alpha
from upscaler.engine.steps.colour import upscale_colour
from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.faces import restore_faces
from upscaler.engine.steps.job import Job
from upscaler.engine.steps.previews import write_previews
from upscaler.engine.steps.report import result_of
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, StorageFull

# The parts of the work, and the steps of the job in which they begin. The names of the parts stand in the receipt, with
# the seconds that each took.
PARTS: tuple[tuple[str, str, Callable[[Job], None]], ...] = (
    ("decode", DECODING, decode_image),
    ("alpha", UPSCALING, upscale_alpha),
    ("faces", UPSCALING, restore_faces),
    ("upscale", UPSCALING, upscale_colour),
    ("previews", ENCODING, write_previews),
)


@dataclass
class Engine:
    """The models of one process, loaded on first use and kept for the next job.

    Attributes:
        upscaler: the models that upscale.
        faces: the models that find and restore faces.

    """

    upscaler: Upscaler
    faces: FaceModels = field(init=False)
    _jobs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        check_writers()
        self.faces = FaceModels(self.upscaler.settings)

    @contextmanager
    def job(self) -> Iterator[None]:
        """Run a job in the block. Before the first one, devices whose time in quarantine is over are tested.

        A job in the pause of another one must not change the backend: the tiles of the other are to come from one.
        """
        if self._jobs == 0:
            self.upscaler.recheck()
        self._jobs += 1
        try:
            yield
        finally:
            self._jobs -= 1


def upscale_file(  # noqa: PLR0913 - a job's files, and what it works with
    source: Path,
    target: Path,
    previews: Previews | None,
    options: UpscaleOptions,
    engine: Engine,
    *,
    on_progress: Callable[[float], None] | None = None,
    on_step: Callable[[str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    scratch: Scratch,
    attempts: AttemptLog | None = None,
    jpeg_quality: int | None = None,
) -> UpscaleResult:
    """Upscale the image in ``source`` and write it to ``target``, and small copies of both if asked for.

    Args:
        source: the file to read; it is never changed.
        target: the file to write, whole or not at all, in the format of the options whatever its name.
        previews: the small copies to write, or None.
        options: what was asked for.
        engine: the models that do the work.
        on_progress: called with the share that is done, rising from 0 to 1.
        on_step: called with the name of each step that begins, of ``progress.STEPS`` without the last.
        should_stop: asked between steps and tiles.
        scratch: where the uncompressed result lives; it is closed in the end.
        attempts: collects the failures of backends; None for a log of its own.
        jpeg_quality: of the image that the file is a piece of, as ``ImageInfo`` has it; None where it is whole.

    Raises:
        UpscalerError: the input cannot be used, the result was rejected, the engine failed or was canceled.

    """
    job = Job(
        source=source,
        target=target,
        previews=previews,
        options=options,
        upscaler=engine.upscaler,
        face_models=engine.faces,
        scratch=scratch,
        progress=Progress(on_progress or (lambda _: None), on_step),
        should_stop=should_stop or (lambda: False),
        attempts=attempts or AttemptLog(),
        kind=format_named(options.output_format),
        jpeg_quality=jpeg_quality,
    )
    seconds: dict[str, float] = {}
    try:
        with engine.job():
            for name, step, work in PARTS:
                if job.should_stop():
                    raise EngineCanceled
                job.progress.begin(step)
                started = time.perf_counter()
                work(job)
                seconds[name] = time.perf_counter() - started
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull from error
        raise
    finally:
        job.scratch.close()
    result = result_of(job, seconds)
    job.progress.report(1.0)
    return result
