from __future__ import annotations

import subprocess
import sys

import pytest
from flask import Flask

from config import ROOT
from upscaler import wsgi


def test_it_builds_the_application_when_it_is_called(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    app = wsgi.create()

    assert isinstance(app, Flask)
    assert app.extensions["config"].data_dir == tmp_path


def test_a_wrong_setting_ends_the_process_with_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "x")

    with pytest.raises(SystemExit) as ended:
        wsgi.create()

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("ImageUpscalerPro cannot start: PORT: ")


@pytest.mark.parametrize("module", ["upscaler.wsgi", "upscaler.tasks.consumer", "upscaler.application"])
def test_an_import_does_nothing(module: str, tmp_path) -> None:
    values = {"DATA_DIR": str(tmp_path / "data"), "PORT": "x"}

    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=ROOT,
        env=values,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "data").exists()
