"""The result of a job: the receipt, and the properties of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.imaging.preservation import notes_on
from upscaler.engine.imaging.written import read_written
from upscaler.engine.model_zoo.recipe_builder import remove_jpeg_marks
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.notes import Note
from upscaler.engine.postprocess.output_check import OutputReport
from upscaler.engine.presets import source_of
from upscaler.engine.receipt import WhatRan, build_receipt
from upscaler.engine.result import UpscaleResult
from upscaler.engine.steps.job import Job
from upscaler.engine.tiling.stage_run import models_of, name_of


def result_of(job: Job, seconds: Mapping[str, float]) -> UpscaleResult:
    """Return the result of a job whose steps are done; ``seconds`` is the time of each step."""
    written = read_written(job.target, job.kind)
    size_bytes, sha256 = job.target.stat().st_size, sha256_of(job.target)
    output: dict[str, Any] = {
        "format": job.kind.name,
        "mime_type": job.kind.mime_type,
        "width": written.width,
        "height": written.height,
        "bit_depth": written.bit_depth,
        "mode": written.mode,
        "size_bytes": size_bytes,
        "sha256": sha256,
    }
    if job.kind.default_quality is not None:
        output["quality"] = job.options.quality or job.kind.default_quality
    failed, worked = job.attempts.failed, dict.fromkeys(run.attempt for run in job.runs)
    job.image.notes.extend(notes_on(job.image, written, job.kind))
    trace = job.image.jpeg
    if trace is not None and remove_jpeg_marks(models_of(job.runs), job.options):
        job.image.notes.append(Note("jpeg_marks_removed", {"quality": trace.quality}))
    if failed:
        job.image.notes.append(Note("attempts_failed", {"count": len(failed)}))
    receipt = build_receipt(
        job.image,
        job.options,
        ran=WhatRan(
            name_of(job.recipe, job.runs),
            models_of((*job.runs, *job.alpha_runs)),
            job.runs[_main_stage(job.recipe)].description,
        ),
        check=OutputReport.worst(done.report for done in job.finished).as_dict(),
        output=output,
        seconds={**seconds, **_summed(done.seconds for done in job.finished)},
        extra={
            "stages": [
                *(run.as_dict("alpha") for run in job.alpha_runs),
                *(run.as_dict("colour") for run in job.runs),
            ],
            "attempts": [attempt.as_dict() for attempt in (*failed, *worked)],
            "resumed_tiles": job.scratch.resumed_tiles,
            "source": _source_of(job),
            "steps": {step: round(taken, 3) for step, taken in job.progress.seconds().items()},
            **({} if job.faces is None else {"faces": job.faces.as_dict()}),
        },
    )
    return UpscaleResult(
        receipt=receipt,
        width=written.width,
        height=written.height,
        size_bytes=size_bytes,
        mime_type=job.kind.mime_type,
        sha256=sha256,
    )


def _source_of(job: Job) -> dict[str, Any]:
    trace = job.image.jpeg
    if trace is None:
        return {"kind": source_of(None)}
    return {"kind": source_of(trace.quality), "jpeg_quality": trace.quality, "seen_in": trace.seen_in}


def _main_stage(recipe: Recipe) -> int:
    """Return the number of the stage that a custom model runs, or of the first one."""
    return next((number for number, stage in enumerate(recipe.stages) if stage.custom), 0)


def _summed(times: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for seconds in times:
        for step, value in seconds.items():
            total[step] = total.get(step, 0.0) + value
    return total
