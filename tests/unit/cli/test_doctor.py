"""What the doctor says of the settings and of this machine."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.support.clamd import clamd_server
from tests.support.service import free_port
from upscaler.cli import doctor, main
from upscaler.engine.process.cage.enter import Confinement

EXPOSED = {
    "HOST": "0.0.0.0",
    "SECRET_KEY": secrets.token_hex(32),
    "ADMIN_SEED_PASS": "a password of its own",
    "PUBLIC_URL": "http://images.lan",
}


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings of a laptop, in the environment, which takes precedence over an `.env`."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "SECRET_KEY",
        "FLASK_ENV",
        "HOST",
        "PUBLIC_URL",
        "ACCEPTED_RISKS",
        "ADMIN_SEED_PASS",
        "ANTIVIRUS",
    ):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return monkeypatch


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_laptop_is_safe_and_the_cage_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor"])

    first, *cage, scanner = lines(capsys)
    assert scanner == "note: files are not scanned for malware; see ANTIVIRUS"
    assert first.startswith("good: only this machine reaches the service at 127.0.0.1")
    assert cage
    assert status == (1 if any(line.startswith("bad: ") for line in cage) else 0)


def test_each_unsafe_setting_is_a_line_and_accepted_ones_are_notes(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**EXPOSED, "RATE_LIMIT": "off", "ACCEPTED_RISKS": "plain_http"}.items():
        settings.setenv(name, value)

    assert main(["doctor"]) == 1

    note, bad, *_ = lines(capsys)
    assert note.startswith(
        "note: accepted by plain_http in ACCEPTED_RISKS: PUBLIC_URL must begin with https://"
    )
    assert bad.startswith("bad: RATE_LIMIT must not be off")


def test_safe_settings_are_said_to_be_so(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**EXPOSED, "PUBLIC_URL": "https://images.example.org"}.items():
        settings.setenv(name, value)

    main(["doctor"])

    assert lines(capsys)[0] == "good: the settings are safe where others reach the service"


def test_a_setting_that_cannot_be_read_is_named(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.setenv("PORT", "many")

    assert main(["doctor"]) == 1

    assert lines(capsys)[0].startswith("bad: PORT")


@pytest.mark.parametrize(
    ("holds", "status", "verdicts"),
    [
        (Confinement(7, system_calls=True, network=True), 0, ["good"]),
        (Confinement(7, system_calls=True, network=False), 0, ["note"]),
        (Confinement(0, system_calls=False, network=True), 0, ["note", "note"]),
        (Confinement(0, system_calls=False, network=False), 1, ["bad", "bad", "bad"]),
    ],
)
def test_what_the_kernel_does_not_give_is_named_with_the_cure(
    holds: Confinement,
    status: int,
    verdicts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(doctor, "_confinement", lambda _: holds)

    assert main(["doctor"]) == status

    _, *cage, _ = lines(capsys)
    assert [line.split(":")[0] for line in cage] == verdicts
    for feature, line in zip(holds.lacking, cage, strict=False):
        assert line.split(": ")[1] == f"no {feature}"


@pytest.mark.parametrize(("mode", "verdict"), [("available", "note"), ("required", "bad")])
def test_a_scanner_that_is_away_is_named(
    mode: str, verdict: str, settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.setenv("ANTIVIRUS", mode)
    settings.setenv("CLAMD_PORT", str(free_port()))

    main(["doctor"])

    assert lines(capsys)[-1].startswith(f"{verdict}: no virus scanner answers at 127.0.0.1, port ")


def test_a_scanner_that_answers_is_named_with_its_version(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings.setenv("ANTIVIRUS", "required")
    with clamd_server(tmp_path / "clamd") as port:
        settings.setenv("CLAMD_PORT", str(port))
        main(["doctor"])

    assert lines(capsys)[-1].startswith("good: files are scanned at 127.0.0.1, port")


def test_an_image_of_that_name_is_an_image(tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()

    assert main(["doctor", "--factor", "2x", "--engine", "lanczos"]) == 0
