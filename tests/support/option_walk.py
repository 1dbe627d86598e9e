"""Follow the value of an option through every place that takes or shows it, and print what was found as JSON.

Usage: python -m tests.support.option_walk OPTION VALUE [FORMAT OF THE IMAGE]
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image

import upscaler
from tests.support.application import application
from upscaler.cli import main
from upscaler.cli.arguments import build_parser, options_of
from upscaler.engine.option_texts import from_text
from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import InvalidParameter
from upscaler.views.api import OPERATIONS
from upscaler.views.api.openapi import document


def walk(name: str, value: str, extension: str = "png") -> dict[str, Any]:
    """Return the outcome at each place."""
    form = document(OPERATIONS)["components"]["schemas"]["UploadForm"]["properties"]
    return {
        "code": str(Path(upscaler.__file__).parents[1]),
        "validation": getattr(from_text({"factor": "2x", name: value}), name),
        "refusal": refusal(name),
        "description": form[name],
        "file": form["file"]["description"],
        **command_line(name, value),
        **service(name, value, extension),
        "receipt": receipt(name, value, EngineSettings(engine="lanczos", threads=1), extension),
    }


def refusal(name: str) -> str:
    """Return the sentence that refuses another value."""
    try:
        from_text({"factor": "2x", name: "no such value"})
    except InvalidParameter as error:
        return error.detail
    raise AssertionError(f"any value is accepted for {name}")


def command_line(name: str, value: str) -> dict[str, Any]:
    """Return the option that is parsed, the help, and the list of presets."""
    parser = build_parser()
    flag = f"--{(OPTIONS[name].flag or name).replace('_', '-')}"
    listed = io.StringIO()
    with contextlib.redirect_stdout(listed):
        main(["--list-presets"])
    return {
        "command_line": getattr(options_of(parser.parse_args([flag, value, "a.png"])), name),
        "help": " ".join(parser.format_help().split()),
        "list_presets": listed.getvalue(),
    }


def service(name: str, value: str, extension: str) -> dict[str, Any]:
    """Return the page, the console's form, the presets, and the parameters of a job."""
    with tempfile.TemporaryDirectory() as folder, application(DATA_DIR=folder) as app:
        return asked(app, name, value, extension)


def asked(app: Flask, name: str, value: str, extension: str) -> dict[str, Any]:
    """Return what the application shows to a visitor."""
    client = app.test_client()
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(content, extension)
    content.seek(0)
    form = {"file": (content, f"cat.{extension}"), "factor": "2x", name: value}
    accepted = client.post("/api/v1/uploads", data=form)
    assert accepted.status_code == 202, accepted.text
    job = client.get(f"/api/v1/jobs/{accepted.get_json()['job_id']}").get_json()
    return {
        "page": client.get("/").text,
        "presets": client.get("/api/v1/presets").get_json()["items"],
        "params": job["params"],
    }


def receipt(name: str, value: str, settings: EngineSettings, extension: str = "png") -> dict[str, Any]:
    """Return the receipt of an image that was upscaled in this process."""
    options = UpscaleOptions.from_mapping({"factor": "2x", name: value})
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"a.{extension}", Path(folder) / "out"
        Image.new("RGB", (8, 8), "teal").save(source)
        engine = Engine(Upscaler(settings))
        result = upscale_file(source, target, None, options, engine, scratch=Scratch(Path(folder)))
        return dict(result.receipt)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(walk(*sys.argv[1:])) + "\n")
