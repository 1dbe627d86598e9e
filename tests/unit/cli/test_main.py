from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import upscaler
from upscaler.cli import main

FAST = ["--engine", "lanczos", "--factor", "2x"]


@pytest.fixture
def photo(tmp_path):
    def write(name: str, size: tuple[int, int] = (12, 9)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", size, (200, 90, 30)).save(path)
        return path

    return write


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_it_writes_beside_the_input_by_default(photo, tmp_path, capsys):
    assert main([*FAST, str(photo("a.jpg"))]) == 0
    assert size_of(tmp_path / "a-2x.png") == (24, 18)
    assert "a-2x.png (24 x 18)" in capsys.readouterr().out


def test_real_models_upscale_from_the_command_line(photo, tmp_path):
    target = tmp_path / "out.webp"
    assert (
        main(
            [
                "--factor",
                "2x",
                "--preset",
                "standard",
                "--threads",
                "1",
                str(photo("a.png")),
                "-o",
                str(target),
            ]
        )
        == 0
    )
    with Image.open(target) as image:
        assert (image.format, image.size) == ("WEBP", (24, 18))


def test_it_upscales_a_folder_into_a_folder(photo, tmp_path):
    photo("in/a.jpg")
    photo("in/b.PNG")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    assert (
        main([*FAST, str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--format", "jpeg", "--quiet"]) == 0
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2x.jpg", "b-2x.jpg"]


def test_a_bad_image_fails_with_one_line_and_the_others_go_on(photo, tmp_path, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not an image")
    good = photo("good.png")
    assert main([*FAST, str(broken), str(good), "--quiet"]) == 1
    assert size_of(tmp_path / "good-2x.png") == (24, 18)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "broken.png: This isn't an image in a supported format" in captured.err


def test_it_does_not_replace_a_result_unless_asked_to(photo, tmp_path, capsys):
    source = photo("a.png")
    (tmp_path / "a-2x.png").write_bytes(b"precious")
    assert main([*FAST, str(source)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "a-2x.png").read_bytes() == b"precious"
    assert main([*FAST, str(source), "--overwrite"]) == 0
    assert size_of(tmp_path / "a-2x.png") == (24, 18)


@pytest.mark.parametrize("extra", [[], ["--overwrite"]])
def test_it_never_replaces_an_input(photo, extra, capsys):
    source = photo("a.png")
    before = source.read_bytes()
    with pytest.raises(SystemExit) as left:
        main([*FAST, str(source), "-o", str(source), *extra])
    assert left.value.code == 2
    assert source.read_bytes() == before
    assert "is an input" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["nothing.png"],
        ["a.png", "--factor", "5x"],
        ["a.png", "--factor", "2x", "--width", "20"],
        ["a.png", "--quality", "0"],
        ["a.png", "--threads", "0"],
        ["a.png", "b.png", "-o", "x.png"],
    ],
)
def test_bad_use_ends_with_2(photo, tmp_path, monkeypatch, wrong):
    photo("a.png")
    photo("b.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(wrong)
    assert left.value.code == 2


def test_two_inputs_with_one_result_name_are_refused(photo, capsys):
    with pytest.raises(SystemExit):
        main([*FAST, str(photo("a.png")), str(photo("a.jpg"))])
    assert "would both become" in capsys.readouterr().err


def test_it_says_what_was_changed(tmp_path, capsys):
    Image.fromarray(np.full((4, 4), 3000, np.uint16)).save(tmp_path / "deep.png")
    main([*FAST, "--format", "webp", str(tmp_path / "deep.png")])
    assert "  Colour depth reduced from 16 to 8 bits per channel" in capsys.readouterr().out


def test_it_lists_models_and_presets(capsys):
    assert main(["--list-models"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["name", "type", "scale", "noise", "licence", "SHA-256"]
    assert any(line.startswith("realesrgan-x4plus ") for line in table)
    assert main(["--list-presets"]) == 0
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "name"
    assert " ".join(first.split()) == "standard Standard 2x, 3x, 4x, 8x Good for almost everything"


def test_ctrl_c_ends_with_130_and_leaves_no_half_written_file(tmp_path):
    noise = np.random.default_rng(5).integers(0, 256, (700, 700, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.tiff")
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "upscaler", *FAST, str(tmp_path / "a.tiff"), "-o", str(tmp_path / "out")]
    root = str(Path(upscaler.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    part = tmp_path / "out" / "a-2x.png.part"
    while not part.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.strip().endswith("upscaler: interrupted")
    for path in (tmp_path / "out").iterdir():
        assert size_of(path) == (1400, 1400), "what is there is whole"
