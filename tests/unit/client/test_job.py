from __future__ import annotations

from upscaler.client.job import Job


def test_a_new_job_has_only_its_first_fields() -> None:
    job = Job({"id": "job_1", "status": "queued"})

    assert (job.id, job.progress, job.result_url, job.error) == ("job_1", 0, None, None)


def test_a_failed_job_has_its_error() -> None:
    error = {"code": "timeout", "detail": "It took too long."}

    assert Job({"id": "job_1", "status": "failed", "error": error}).error == error
