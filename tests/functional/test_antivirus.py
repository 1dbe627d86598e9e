"""Uploads under a real virus scanner: refused, accepted, and what happens while it is away."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.clamd import SIGNATURE, clamd_server, save_harmless, save_marked
from tests.support.service import ADMIN, LiveService


@pytest.fixture(scope="module")
def clamd_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with clamd_server(tmp_path_factory.mktemp("clamd")) as port:
        yield port


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, clamd_port: int) -> Iterator[LiveService]:
    """A service that requires a scanner."""
    settings = {"ANTIVIRUS": "required", "CLAMD_PORT": str(clamd_port)}
    yield from started(tmp_path_factory.mktemp("scanned"), settings)


def started(folder: Path, settings: dict[str, str]) -> Iterator[LiveService]:
    limits = dict.fromkeys(("RATE_LIMIT", "PREVIEW_RATE_LIMIT"), "off")
    live = LiveService(folder, {**limits, "ENGINE": "lanczos", **settings})
    live.start()
    yield live
    live.stop()


def files_of(service: LiveService) -> set[Path]:
    """Return what is stored, and what is in progress."""
    folders = (service.data_dir / "files", service.data_dir / "scratch")
    return {
        path for folder in folders for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    }


def audit_rows(service: LiveService) -> list[dict[str, object]]:
    account = {"username": ADMIN[0], "password": ADMIN[1]}
    token = requests.post(f"{service.url}/api/v1/auth/login", json=account, timeout=60).json()["access_token"]
    answer = requests.get(
        f"{service.url}/api/v1/admin/audit",
        params={"action": "file.infected"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    rows: list[dict[str, object]] = answer.json()["items"]
    return rows


def test_a_harmful_file_is_refused_with_nothing_stored_and_a_row_in_the_audit_log(
    service: LiveService, tmp_path: Path
) -> None:
    before = files_of(service)

    answer = service.upload(save_marked(tmp_path / "holiday.png"), factor="2x")

    assert (answer.status_code, answer.json()["code"]) == (422, "infected")
    assert SIGNATURE not in answer.text, "what was found is for the operator"
    assert files_of(service) == before
    [row] = audit_rows(service)
    assert row["ip_address"] == "127.0.0.1"
    details = row["details"]
    assert isinstance(details, dict)
    assert details["filename"] == "holiday.png"


def test_a_preview_of_it_is_refused_as_well(service: LiveService, tmp_path: Path) -> None:
    path = save_marked(tmp_path / "a.png")
    with path.open("rb") as file:
        answer = requests.post(f"{service.url}/api/v1/previews", files={"file": file}, timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (422, "infected")


def test_in_a_batch_the_other_images_go_on(service: LiveService, tmp_path: Path) -> None:
    archive = tmp_path / "images.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(save_harmless(tmp_path / "good.png"), "good.png")
        packed.write(save_marked(tmp_path / "bad.png"), "bad.png")
    with archive.open("rb") as file:
        answer = requests.post(
            f"{service.url}/api/v1/batches", files={"files": file}, data={"factor": "2x"}, timeout=60
        )

    assert answer.status_code == 202, answer.text
    state = requests.get(f"{service.url}/api/v1/batches/{answer.json()['id']}", timeout=60).json()
    codes = {item["filename"]: (item["error"] or {}).get("code") for item in state["items"]}
    assert codes == {"good.png": None, "bad.png": "infected"}


def test_a_harmless_image_is_upscaled(service: LiveService, tmp_path: Path) -> None:
    assert service.upscale(save_harmless(tmp_path / "a.png"), factor="2x")["status"] == "completed"


@pytest.mark.parametrize(("mode", "status"), [("required", 503), ("available", 202)])
def test_while_the_scanner_is_away_the_mode_decides(mode: str, status: int, tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with clamd_server(tmp_path / "clamd") as port:
        pass
    for service in started(folder, {"ANTIVIRUS": mode, "CLAMD_PORT": str(port)}):
        answer = service.upload(save_harmless(tmp_path / "a.png"), factor="2x")

        assert answer.status_code == status, answer.text
        if status == 503:
            assert answer.json()["code"] == "scanner_unavailable"
            assert int(answer.headers["Retry-After"]) > 0
            assert files_of(service) == set()
