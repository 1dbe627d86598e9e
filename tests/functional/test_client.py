"""The Python client, and the command line with ``--server``, against the real service."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.support.photographs import save_photograph
from tests.support.service import ADMIN, ROOT, LiveService, free_port
from upscaler.client import ApiError, Client, JobNotCompleted


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


def command_line(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "upscaler", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def key(live_service: LiveService) -> str:
    """An API key of the admin."""
    signed_in = requests.post(
        f"{live_service.url}/api/v1/auth/login",
        json={"username": ADMIN[0], "password": ADMIN[1]},
        timeout=60,
    ).json()
    made = requests.post(
        f"{live_service.url}/api/v1/me/keys",
        json={"name": "client", "scopes": ["read", "write"]},
        headers={"Authorization": f"Bearer {signed_in['access_token']}"},
        timeout=60,
    )
    return str(made.json()["key"])


def test_the_example_of_the_documentation_works(
    live_service: LiveService, photographs: dict[str, Path], tmp_path: Path
) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "client.md").read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "holiday.jpg").write_bytes(photographs["coffee"].read_bytes())

    done = subprocess.run(
        [sys.executable, "-c", example[1].replace("http://127.0.0.1:8000", live_service.url)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    wide, high = size_of(photographs["coffee"])
    assert size_of(tmp_path / "upscaled.png") == (2 * wide, 2 * high)
    assert done.stdout.splitlines()[-2:] == ["100 %", f"{2 * wide} x {2 * high}"]


def test_an_account_sees_its_jobs_and_deletes_them(
    live_service: LiveService, key: str, photographs: dict[str, Path], tmp_path: Path
) -> None:
    with live_service.client(key) as client:
        assert client.me()["username"] == ADMIN[0]
        job = client.upscale(photographs["astronaut"], tmp_path / "a.webp", factor="2x", output_format="webp")
        assert job.completed
        assert size_of(tmp_path / "a.webp") == (320, 320)
        assert job.id in [found.id for found in client.jobs("completed")]
        with pytest.raises(ApiError) as caught:
            client.cancel(job.id)
        assert (caught.value.status, caught.value.code) == (409, "job_conflict")
        assert caught.value.request_id
        client.delete(job.id)
        with pytest.raises(ApiError) as caught:
            client.job(job.id)
        assert caught.value.code == "job_not_found"


def test_a_canceled_job_has_no_result(live_service: LiveService, tmp_path: Path) -> None:
    with live_service.client() as client:
        sent = client.upload(
            save_photograph("coffee", tmp_path / "a.png", side=300), factor="4x", preset="photo"
        )
        assert client.cancel(sent.id).status == "canceled"
        with pytest.raises(JobNotCompleted, match="canceled"):
            client.download(sent.id, tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_what_is_refused_says_why_in_the_language_asked_for(live_service: LiveService) -> None:
    with Client(live_service.url, language="ar") as client, pytest.raises(ApiError) as caught:
        client.upload(b"no image", filename="a.png", factor="2x")
    assert (caught.value.status, caught.value.code) == (415, "unsupported_image")
    assert re.search("[\u0600-\u06ff]", caught.value.detail)


def test_one_key_makes_one_job(live_service: LiveService, photographs: dict[str, Path]) -> None:
    with live_service.client() as client:
        ids = {
            client.upload(photographs["astronaut"], factor="2x", idempotency_key="client-test").id
            for _ in range(3)
        }
    assert len(ids) == 1


def test_what_the_service_offers_can_be_asked(live_service: LiveService) -> None:
    with live_service.client() as client:
        assert client.health()["workers_online"] == 1
        assert "realesrgan-x4plus" in {model["name"] for model in client.models()}
        assert "photo" in {preset["name"] for preset in client.presets()}
        quote = client.quote(640, 480, factor="2x", preset="photo")
    assert (quote["output_width"], quote["output_height"]) == (1280, 960)


def test_the_command_line_has_a_folder_upscaled(
    live_service: LiveService, key: str, photographs: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("coffee", "chelsea"):
        (tmp_path / "in" / photographs[name].name).write_bytes(photographs[name].read_bytes())
    (tmp_path / "in" / "broken.png").write_bytes(b"no image")
    given = (
        str(tmp_path / "in"),
        "-o",
        str(tmp_path / "out"),
        "--width",
        "300",
        "--server",
        live_service.url,
    )

    process = command_line(*given, UPSCALER_TOKEN=key)
    output, errors = process.communicate(timeout=300)

    assert process.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["chelsea-fit.png", "coffee-fit.png"]
    assert size_of(tmp_path / "out" / "coffee-fit.png")[0] == 300
    assert f"{tmp_path / 'out' / 'coffee-fit.png'} (300 x " in output
    assert output.splitlines()[-1] == "2 upscaled, 1 failed"
    assert errors.count("\n") == 1
    assert "broken.png: This isn't an image in a supported format" in errors
    with live_service.client(key) as client:
        newest = [job.data["filename"] for _, job in zip(range(2), client.jobs(), strict=False)]
    assert newest == ["coffee.jpg", "chelsea.webp"]


def test_the_command_line_skips_what_exists_and_takes_any_name(
    live_service: LiveService, key: str, photographs: dict[str, Path], tmp_path: Path
) -> None:
    image = photographs["coffee"].read_bytes()
    (tmp_path / "in").mkdir()
    for name in (b"caf\xe9.jpg", b"Mr. Smith", b"Thumbs.db"):
        Path(os.fsdecode(bytes(tmp_path / "in") + b"/" + name)).write_bytes(image)
    given = (
        str(tmp_path / "in"),
        "-o",
        str(tmp_path / "out"),
        "--factor",
        "2x",
        "--server",
        live_service.url,
    )

    for summary in ("2 upscaled", "2 skipped"):
        process = command_line(*given, UPSCALER_TOKEN=key)
        output, errors = process.communicate(timeout=300)

        assert (process.returncode, errors, output.splitlines()[-1]) == (0, "", summary)
        assert sorted(os.fsencode(path.name) for path in (tmp_path / "out").iterdir()) == [
            b"Mr. Smith-2x.png",
            b"caf\xe9-2x.png",
        ]


def test_standard_input_goes_to_the_service_and_its_result_to_standard_output(
    live_service: LiveService, photographs: dict[str, Path], tmp_path: Path
) -> None:
    with photographs["coffee"].open("rb") as image, (tmp_path / "out").open("wb") as result:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "upscaler",
                "-",
                "--factor",
                "2x",
                "--server",
                live_service.url,
                "--quiet",
            ],
            cwd=ROOT,
            stdin=image,
            stdout=result,
            stderr=subprocess.PIPE,
            timeout=300,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, b"")
    assert size_of(tmp_path / "out")[0] == 2 * size_of(photographs["coffee"])[0]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_job_on_the_service_too(
    live_service: LiveService, key: str, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    name = f"slow-{number.name}.png"
    photo = save_photograph("coffee", tmp_path / name, side=400)
    process = command_line(
        *(str(photo), "--factor", "4x", "--preset", "photo", "--detail", "100"),
        *("--server", live_service.url),
        UPSCALER_TOKEN=key,
    )
    with live_service.client(key) as client:
        deadline = time.monotonic() + 120
        while not (found := [job for job in client.jobs() if job.data["filename"] == name]):
            assert time.monotonic() < deadline
            time.sleep(0.2)

        process.send_signal(number)
        _, errors = process.communicate(timeout=120)

        assert process.returncode == status
        assert errors.strip() == "upscaler: interrupted"
        assert client.wait(found[0].id, timeout_seconds=60).status == "canceled"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_models_of_the_service_are_listed(live_service: LiveService) -> None:
    process = command_line("--list-models", "--server", live_service.url)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[0].split() == ["name", "type", "scale", "licence", "SHA-256"]
    assert any(line.startswith("realesrgan-x4plus ") for line in output.splitlines())


@pytest.mark.parametrize(
    ("arguments", "token", "code", "words"),
    [
        (["--list-models"], "", 1, "No response from"),
        (["--list-models", "--threads", "2"], "", 2, "--threads is the server's own choice"),
        (["--list-models"], "upk_\u00e4", 2, "visible ASCII"),
    ],
)
def test_what_cannot_work_is_reported_in_one_line(
    arguments: list[str], token: str, code: int, words: str
) -> None:
    process = command_line(*arguments, "--server", f"http://127.0.0.1:{free_port()}", UPSCALER_TOKEN=token)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == code
    assert output == ""
    assert words in errors.splitlines()[-1]
    assert "Traceback" not in errors
