"""Quotes before an upload: the size of the result, the time it takes, and the place in the queue."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.models import Priority
from upscaler.services.jobs import estimates, scheduling
from upscaler.services.jobs.file_checks import check_image_size, check_result_size
from upscaler.services.jobs.file_sizes import SourceFile, estimated_bytes
from upscaler.services.jobs.workers import devices_online
from upscaler.services.models import model_table


@dataclass(frozen=True)
class Quote:
    """Quote of a job: sides in pixels, the file's size in bytes, times in seconds, and the place in the queue.

    ``waiting_seconds`` is None while no worker is online, ``estimated_bytes`` where too little is known of the source.
    """

    model: str
    output_width: int
    output_height: int
    estimated_bytes: int | None
    own_seconds: int
    waiting_seconds: int | None
    queue_position: int


def quote(
    session: Session,
    size: tuple[int, int],
    options: UpscaleOptions,
    limits: RuntimeValues,
    workers: int,
    submitter: str,
    source: SourceFile | None = None,
) -> Quote:
    """Estimate a job of ``submitter`` for an image of width x height pixels, with ``workers`` workers online.

    ``source`` is the image's file, as far as it is known.

    Raises:
        TooManyPixels, ResultTooLarge, FormatTooSmall, InvalidParameter, TargetOutOfRange: such an image would be
            refused.
    """
    width, height = size
    check_image_size(width, height, limits)
    wide, high = check_result_size(width, height, options, limits)
    options, model = model_table.chosen(session, options)
    recipe = recipe_for(options, size=size, model=model)
    work = estimates.Work(recipe, width * height, options.refine_faces)
    own_seconds = estimates.own_seconds(session, work, devices_online(session))
    before = scheduling.place(session, submitter, Priority.NORMAL, own_seconds)
    return Quote(
        model=recipe.name,
        output_width=wide,
        output_height=high,
        estimated_bytes=None
        if source is None
        else estimated_bytes(source, size, (wide, high), recipe, options),
        own_seconds=own_seconds,
        waiting_seconds=math.ceil(before.seconds / workers) if workers else None,
        queue_position=before.jobs + 1,
    )
