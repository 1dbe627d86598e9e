from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from upscaler.engine.process.client import Previews, UpscaleResult
from upscaler.models import Job, utcnow
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.results import WrittenFiles, result_columns

FILES = WrittenFiles(
    Path("result.jpg"), Previews(result=Path("preview.webp"), original=Path("original.webp"))
)
BACKEND = {"engine": "ncnn", "precision": "fp16", "device": "NVIDIA L4"}


def test_two_claims_of_a_job_have_no_key_in_common(db_session: Session, new_job: Callable[..., Job]) -> None:
    job_id = new_job().id
    first = lifecycle.claim(db_session, job_id, "one", 0)
    second = lifecycle.claim(db_session, job_id, "two", 30)
    assert first is not None
    assert second is not None

    keys = FILES.by_key(first)

    assert list(keys.values()) == [Path("result.jpg"), Path("preview.webp"), Path("original.webp")]
    assert [(key.partition("/")[0], key.rpartition(".")[2]) for key in keys] == [
        ("results", "jpg"),
        ("previews", "webp"),
        ("previews", "webp"),
    ]
    assert all(job_id in key for key in keys)
    assert not set(keys) & set(FILES.by_key(second))


@pytest.mark.parametrize("resumed", [0, 3])
def test_only_work_done_from_start_to_end_is_measured(resumed: int) -> None:
    receipt = {"backend": BACKEND, "model": "what ran", "resumed_tiles": resumed, "steps": {"upscaling": 2.0}}
    result = UpscaleResult(receipt, 20, 10, 500, "image/jpeg", "f" * 64)

    columns = result_columns(result, ["a", "b", "c"], utcnow() - timedelta(seconds=60), 1.23456)

    seconds = columns.pop("work_seconds")
    assert seconds is None if resumed else 60 <= seconds < 70
    assert columns == {
        "result_path": "a",
        "preview_path": "b",
        "original_preview_path": "c",
        "result_mime_type": "image/jpeg",
        "result_width": 20,
        "result_height": 10,
        "result_size_bytes": 500,
        "result_sha256": "f" * 64,
        "receipt": {**receipt, "steps": {"upscaling": 2.0, "storing": 1.235}},
        "model": "what ran",
        "device": "ncnn fp16 on NVIDIA L4",
    }
