"""Refusals with their status and code; nothing is stored and no row is left behind."""

from __future__ import annotations

import http.client
import io
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.support.service import LiveService

# Codes of refusals that name the parameters at fault.
NAMES_PARAMETERS = frozenset(
    {
        "invalid_callback_url",
        "invalid_email",
        "invalid_parameter",
        "missing_parameter",
        "not_available",
        "unknown_parameter",
    }
)


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def png_that_declares(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def wide_png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (7000, 5000)).save(buffer, "PNG")
    return buffer.getvalue()


def footprint(service: LiveService) -> tuple[int, int, list[str]]:
    database = sqlite3.connect(f"file:{service.data_dir / 'app.db'}?mode=ro", uri=True)
    uploads = database.execute("SELECT COUNT(*) FROM uploads").fetchone()[0]
    jobs = database.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]
    database.close()
    stored = [path.name for folder in ("files", "scratch") for path in (service.data_dir / folder).rglob("*")]
    return uploads, jobs, sorted(name for name in stored if name.startswith(("upl_", "incoming-")))


@pytest.mark.parametrize(
    ("name", "content", "fields", "status", "code"),
    [
        ("notes.png", lambda: b"these are words, not an image" * 50, {}, 415, "unsupported_image"),
        ("page.html", lambda: b"<html><script>alert(1)</script></html>", {}, 415, "unsupported_image"),
        ("empty.png", lambda: b"", {}, 400, "empty_file"),
        ("truncated.jpg", lambda: jpeg()[: len(jpeg()) // 2], {}, 422, "damaged_image"),
        ("bomb.png", lambda: png_that_declares(60_000, 60_000), {}, 422, "too_many_pixels"),
        ("long.png", lambda: png_that_declares(8_001, 10), {}, 422, "too_many_pixels"),
        ("lying.png", lambda: png_that_declares(500, 500), {}, 422, "damaged_image"),
        ("wide.png", wide_png, {"factor": "4x"}, 422, "result_too_large"),
        ("photo.jpg", jpeg, {"factor": "5x"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"quality": "best"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"output_format": "bmp"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"factor": "", "target_width": "63"}, 422, "target_out_of_range"),
        ("photo.jpg", jpeg, {"factor": ""}, 422, "missing_parameter"),
        ("photo.jpg", jpeg, {"preset": "magic"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"denoise": "9"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"refine_faces": "maybe"}, 422, "invalid_parameter"),
        ("photo.jpg", jpeg, {"colour": "blue"}, 422, "unknown_parameter"),
        ("photo.jpg", jpeg, {"callback_url": "http://127.0.0.1/hook"}, 422, "invalid_callback_url"),
        ("photo.jpg", jpeg, {"callback_url": "https://me:word@example.org/"}, 422, "invalid_callback_url"),
        ("photo.jpg", jpeg, {"email": "a@example.org"}, 422, "not_available"),
        ("photo.jpg", jpeg, {"preset": "x" * 600_000}, 413, "form_too_large"),
        ("photo.jpg", jpeg, {f"field{number}": "x" for number in range(1100)}, 413, "form_too_large"),
    ],
)
def test_it_refuses_with_a_clear_problem_and_keeps_nothing(
    live_service: LiveService,
    name: str,
    content: Callable[[], bytes],
    fields: dict[str, str],
    status: int,
    code: str,
) -> None:
    before = footprint(live_service)

    answer = requests.post(
        f"{live_service.url}/api/v1/uploads",
        files={"file": (name, content())},
        data={"factor": "2x", **fields},
        timeout=60,
    )

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    at_fault = problem.pop("errors", [])
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    # Parameters at fault are named; an image is none.
    assert bool(at_fault) == (code in NAMES_PARAMETERS)
    assert all(set(found) == {"parameter", "code", "detail"} for found in at_fault)
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["detail"]
    assert "%(" not in problem["detail"]
    assert footprint(live_service) == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"factor=2x", "application/x-www-form-urlencoded"),
        (b'{"factor": "2x"}', "application/json"),
        (b"\xff\xfe\x00", "multipart/form-data; boundary=\xff"),
    ],
)
def test_it_asks_for_the_file_when_there_is_none(
    live_service: LiveService, body: bytes, content_type: str
) -> None:
    answer = requests.post(
        f"{live_service.url}/api/v1/uploads",
        data=body,
        headers={"Content-Type": content_type.encode("latin-1")},
        timeout=30,
    )

    said = (answer.status_code, answer.json()["code"])
    assert said in {(422, "missing_file"), (400, "invalid_request")}, answer.text


def test_it_refuses_a_file_that_is_too_large_before_it_was_read(live_service: LiveService) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while sent < 400 << 20:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    before = footprint(live_service)

    try:
        answer = requests.post(
            f"{live_service.url}/api/v1/uploads",
            data=body(),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            timeout=60,
        )
    except requests.ConnectionError:
        # The service answered and hung up while this client was still sending.
        answer = None
    assert sent < 100 << 20
    assert answer is None or answer.status_code == 413
    assert footprint(live_service) == before


def test_it_refuses_a_declared_length_that_is_too_large_at_once(live_service: LiveService) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live_service.port, timeout=30)
    connection.putrequest("POST", "/api/v1/uploads")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()
    connection.send(b"--x\r\n")

    answer = connection.getresponse()

    assert answer.status == 413
    assert b'"code": "file_too_large"' in answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/jobs/job_unknown", 404, "job_not_found"),
        ("GET", "/api/v1/jobs/%00", 404, "not_found"),
        ("GET", "/api/v1/uploads/upl_unknown/download", 404, "upload_not_found"),
        ("POST", "/api/v1/jobs/job_unknown/cancel", 404, "job_not_found"),
        ("POST", "/api/v1/jobs/job_unknown/requeue", 401, "authentication_required"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/health", 405, "method_not_allowed"),
        ("GET", "/files/uploads/00/upl_00.png", 403, "invalid_signature"),
        ("GET", "/files/..%2f..%2fapp.db", 403, "invalid_signature"),
    ],
)
def test_it_answers_unknown_things_with_a_problem(
    live_service: LiveService, method: str, path: str, status: int, code: str
) -> None:
    answer = requests.request(method, live_service.url + path, timeout=30)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_it_shows_people_a_page_and_no_traceback(live_service: LiveService) -> None:
    answer = requests.get(f"{live_service.url}/no-such-page", headers={"Accept": "text/html"}, timeout=30)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Traceback" not in answer.text


def test_it_keeps_unsafe_file_names_harmless(live_service: LiveService, tmp_path: Path) -> None:
    names = ["../../etc/passwd.jpg", "a\\b\\c.jpg", 'quote".jpg', "نص.jpg", "x" * 300 + ".jpg", "<b>.jpg"]
    for name in names:
        answer = requests.post(
            f"{live_service.url}/api/v1/uploads",
            files={"file": (name, jpeg())},
            data={"factor": "2x"},
            timeout=60,
        )
        assert answer.status_code == 202, (name, answer.text)
        job = live_service.wait(answer.json()["job_id"])
        assert "/" not in job["upload"]["filename"]
        sent = requests.get(job["result_file"], timeout=30)
        assert sent.status_code == 200
        assert "filename" in sent.headers["Content-Disposition"]
