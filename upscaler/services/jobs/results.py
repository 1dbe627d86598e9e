"""The files of a completed job: their storage keys, and the columns that describe them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from upscaler.engine.process.client import Previews, UpscaleResult
from upscaler.engine.progress import STORING
from upscaler.models import utcnow
from upscaler.services.jobs import workers
from upscaler.services.jobs.lifecycle import Claim
from upscaler.storage import make_key


@dataclass(frozen=True)
class WrittenFiles:
    """The files that the engine has written, on the local disk."""

    result: Path
    previews: Previews

    def by_key(self, claim: Claim) -> dict[str, Path]:
        """Return each file by its storage key: result, its preview, the preview of the original.

        The claim's token is in the name, so that a worker that has lost its lease cannot overwrite the files of the
        next one.
        """
        name = f"{claim.job_id}_{claim.token}"
        return {
            make_key("results", name, self.result.suffix[1:]): self.result,
            make_key("previews", name, "webp"): self.previews.result,
            make_key("previews", f"{name}_original", "webp"): self.previews.original,
        }


def result_columns(
    result: UpscaleResult, keys: list[str], started_at: datetime, storing_seconds: float
) -> dict[str, Any]:
    """Return the columns of a completed job; ``keys`` are in the order of ``WrittenFiles.by_key``."""
    steps = {**result.receipt["steps"], STORING: round(storing_seconds, 3)}
    resumed = bool(result.receipt["resumed_tiles"])
    return {
        **dict(zip(("result_path", "preview_path", "original_preview_path"), keys, strict=True)),
        "result_mime_type": result.mime_type,
        "result_width": result.width,
        "result_height": result.height,
        "result_size_bytes": result.size_bytes,
        "result_sha256": result.sha256,
        "receipt": {**result.receipt, "steps": steps},
        "model": result.receipt["model"][:128],
        "device": workers.device_of(result.receipt["backend"]),
        "work_seconds": None if resumed else (utcnow() - started_at).total_seconds(),
    }
