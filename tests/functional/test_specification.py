"""The examples of the specification that this service was ordered by, held against what it answers.

They are written down here as they stand there: names of fields, their types, and the form of what they hold.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.service import ADMIN, LiveService

UPLOADED = {
    "job_id": "job_abc123",
    "status": "queued",
    "created_at": "2025-12-07T12:34:56Z",
    "estimated_seconds": 20,
}
POLLED = {
    "job_id": "job_abc123",
    "status": "completed",
    "progress": 100,
    "created_at": "2025-12-07T12:34:56Z",
    "started_at": "2025-12-07T12:35:00Z",
    "finished_at": "2025-12-07T12:35:20Z",
    "original_file": "https://.../uploads/orig_abc.jpg",
    "result_file": "https://.../results/upscaled_abc.png",
    "model": "real-esrgan-v2-photo",
    "params": {"factor": "4x", "denoise": "med", "refine_faces": False},
}
RUNNING = {
    "job_id": "job_1G5a2",
    "status": "running",
    "progress": 65,
    "worker_id": "w-3",
    "started_at": "2025-12-07T12:00:10Z",
}
# Listed beside the examples: fields of every answer about a job, whatever its state.
ALWAYS = {
    *("job_id", "status", "progress", "worker_id", "params", "created_at", "started_at", "finished_at"),
    *("duration_seconds", "original_file", "result_file", "error", "model", "logs"),
}
STATES = {"queued", "running", "completed", "failed", "canceled"}
HEALTH = {"status": "ok", "queue_length": 0, "free_disk_percent": 50.0, "workers_online": 1}
REQUEUED = {"job_id": "job_abc123", "status": "queued"}
ADMIN_JOB = {"job_id": "job_abc123", "status": "completed", "model": "real-esrgan-v2-photo"}
WORKER = {"id": "w-3", "last_heartbeat_at": "2025-12-07T12:34:56Z", "backend": {}}
AUDIT_LOG = {
    "id": 1,
    "user_id": 1,
    "action": "login",
    "entity_type": "",
    "entity_id": "",
    "details": {},
    "ip_address": "127.0.0.1",
    "created_at": "2025-12-07T12:34:56Z",
}
USER = {"id": 1, "username": "abdullah", "email": "abdullah@example.org", "role": "admin"}

# A text of an example stands for texts of its own form, where it has one; an empty one for any.
FORMS = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    r"https?://.+/(uploads|results)/.+",
    r"job_\w+",
    r"\dx",
    r"\d+(\.\d+){3}",
)


def differences(example: dict[str, Any], answer: dict[str, Any], where: str = "") -> list[str]:
    """Return what of an example an answer does not have, or has in another form."""
    found = []
    for name, value in example.items():
        given, place = answer.get(name), f"{where}{name}"
        if name not in answer:
            found.append(f"{place} is missing")
        elif isinstance(value, dict) and isinstance(given, dict):
            found += differences(value, given, f"{place}.")
        elif isinstance(value, float) and isinstance(given, (int, float)) and not isinstance(given, bool):
            continue
        elif type(given) is not type(value):
            found.append(f"{place} is {given!r} and not as {value!r}")
        elif isinstance(value, str):
            form = next((form for form in FORMS if re.fullmatch(form, value)), ".+" if value else ".*")
            if not re.fullmatch(form, str(given)):
                found.append(f"{place} is {given!r} and not as {value!r}")
    return found


@pytest.fixture(scope="module")
def admin(live_service: LiveService) -> dict[str, str]:
    """The headers of an admin's requests."""
    body = {"username": ADMIN[0], "password": ADMIN[1]}
    answer = requests.post(f"{live_service.url}/api/v1/auth/login", json=body, timeout=60)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_an_upload_is_answered_polled_downloaded_and_run_again_as_in_the_examples(
    live_service: LiveService, photographs: dict[str, Path], admin: dict[str, str]
) -> None:
    api = f"{live_service.url}/api/v1"

    accepted = live_service.upload(photographs["coffee"], factor="2x", preset="photo", denoise="med")
    assert accepted.status_code == 202, accepted.text
    assert differences(UPLOADED, accepted.json()) == []
    # The example says "queued"; a worker that waits for work may have begun before the answer is written.
    assert accepted.json()["status"] in ("queued", "running")

    states: list[dict[str, Any]] = []
    with live_service.client() as client:
        client.wait(accepted.json()["job_id"], on_progress=lambda job: states.append(job.data))
    assert [sorted(ALWAYS - set(state)) for state in states] == [[]] * len(states)
    assert {state["status"] for state in states} <= STATES
    assert [differences(RUNNING, state) for state in states if state["status"] == "running"] == [[]] * sum(
        state["status"] == "running" for state in states
    )
    assert differences(POLLED, states[-1]) == []
    assert (states[-1]["status"], states[-1]["progress"], states[-1]["error"]) == ("completed", 100, None)
    assert isinstance(states[-1]["duration_seconds"], int)
    assert isinstance(states[-1]["logs"], list)

    job_id = states[-1]["job_id"]
    for path in (f"/jobs/{job_id}/requeue", f"/admin/jobs/{job_id}/requeue"):
        again = requests.post(api + path, json={"denoise": "low"}, headers=admin, timeout=60)
        assert (again.status_code, differences(REQUEUED, again.json())) == (202, [])
        assert again.json()["job_id"] != job_id
        canceled = requests.post(f"{api}/jobs/{again.json()['job_id']}/cancel", headers=admin, timeout=60)
        assert set(canceled.json()) >= ALWAYS or canceled.status_code == 409

    detailed = requests.get(f"{api}/admin/jobs/{job_id}", headers=admin, timeout=60).json()
    assert differences(POLLED, detailed) == []
    assert {"logs", "trace"} <= set(detailed)
    assert detailed["logs"][0]["message"] == "accepted"

    download = requests.get(f"{api}/uploads/{detailed['upload_id']}/download", timeout=60)
    assert download.content == photographs["coffee"].read_bytes()


def test_health_and_the_lists_of_the_admin_are_as_they_were_ordered(
    live_service: LiveService, photographs: dict[str, Path], admin: dict[str, str]
) -> None:
    accepted = live_service.upload(photographs["coffee"], factor="2x").json()
    requests.post(f"{live_service.url}/api/v1/jobs/{accepted['job_id']}/cancel", timeout=60)

    def items(path: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{live_service.url}/api/v1/admin{path}", headers=admin, timeout=60)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    health = requests.get(f"{live_service.url}/api/v1/health", timeout=60).json()
    assert (health["status"], differences(HEALTH, health)) == ("ok", [])
    newest = items("/jobs?limit=1&owner=-&from=2025-01-01")
    assert [differences(ADMIN_JOB, job) for job in newest] == [[]]
    assert differences(WORKER, items("/workers")[0]) == []
    rows = items("/audit?user=abdullah&limit=100")
    assert rows
    assert [differences(AUDIT_LOG, row) for row in rows] == [[]] * len(rows)
    assert differences(USER, items("/users?q=abdullah")[0]) == []
