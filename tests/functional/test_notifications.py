"""The real service reports the end of a job: a signed webhook and an e-mail arrive from its worker."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from standardwebhooks import Webhook

from tests.support.mail import Mailbox, mail_server
from tests.support.photographs import save_photograph
from tests.support.receiver import Received, Receiver, receiver
from tests.support.service import JOB_SECONDS, ROOT, LiveService, environment


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def notifying_service(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> Iterator[LiveService]:
    """A service with a mail server, which may send webhooks to this machine."""
    service = LiveService(tmp_path_factory.mktemp("notifying"))
    service.settings |= {
        "RATE_LIMIT": "off",
        "ENGINE": "lanczos",
        "PUBLIC_URL": service.url,
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(box.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "images@example.org",
    }
    service.start()
    yield service
    service.stop()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + JOB_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def secret(service: LiveService) -> str:
    """Return the secret as an operator gets it."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.webhook_secret"],
        cwd=ROOT,
        env=environment(service.data_dir, service.port, **service.settings),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout.strip()


def arrived(found: Receiver, job_id: str) -> list[Received]:
    return [request for request in found.requests if job_id.encode() in request.body]


def test_a_verified_message_with_a_working_link_and_an_e_mail_arrive(
    notifying_service: LiveService, box: Mailbox, photographs: dict[str, Path]
) -> None:
    with receiver() as found:
        answer = requests.post(
            f"{notifying_service.url}/api/v1/uploads",
            files={"file": ("coffee.jpg", photographs["coffee"].read_bytes())},
            data={"factor": "2x", "callback_url": found.url(), "email": "layla@example.org"},
            headers={"Accept-Language": "ar"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["job_id"]
        eventually(lambda: bool(arrived(found, job_id)))
    [request] = arrived(found, job_id)

    message = Webhook(secret(notifying_service)).verify(request.body, request.headers)
    job = notifying_service.job(job_id)
    assert message["type"] == "job.completed"
    assert message["data"]["job_id"] == job_id
    assert message["data"]["model"] == job["model"]
    assert message["data"]["params"] == job["params"]
    assert job["has_callback"] is True
    assert "callback_url" not in job["params"]
    image = requests.get(message["data"]["result_file"], timeout=30)
    assert image.status_code == 200
    assert len(image.content) == job["result"]["size_bytes"]
    assert requests.get(message["data"]["job_url"], timeout=30).status_code == 200
    eventually(lambda: bool(box.messages))
    [mail] = box.messages
    assert mail["To"] == "layla@example.org"
    assert mail["Content-Language"] == "ar"
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{notifying_service.url}/jobs/{job_id}" in body.get_content()


def test_a_job_canceled_over_the_web_is_reported_too(notifying_service: LiveService, tmp_path: Path) -> None:
    with receiver() as found:
        answer = notifying_service.upload(
            save_photograph("astronaut", tmp_path / "large.png", side=500),
            factor="4x",
            callback_url=found.url(),
        )
        job_id = answer.json()["job_id"]
        canceled = requests.post(f"{notifying_service.url}/api/v1/jobs/{job_id}/cancel", timeout=30)
        eventually(lambda: bool(arrived(found, job_id)))

    # A small machine's worker may have been faster than the cancellation.
    expected = "job.canceled" if canceled.status_code == 200 else "job.completed"
    [request] = arrived(found, job_id)
    assert Webhook(secret(notifying_service)).verify(request.body, request.headers)["type"] == expected
