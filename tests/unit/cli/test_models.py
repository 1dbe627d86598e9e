from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from tests.support.face_models import write_face_model
from tests.support.small_models import kernel, write_onnx
from upscaler.cli import main
from upscaler.engine.imaging.hashing import sha256_of


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENGINE_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A web server on the loopback interface that serves the test's folder."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_model_is_added_from_a_url_used_checked_and_removed(
    tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_onnx(tmp_path / "Blocks 3.onnx", 3)
    url = f"{address}/Blocks%203.onnx"
    uses = ["--preset", "art", "--factor", "3x", "--licence", "CC0-1.0"]

    assert main(["models", "add", url, "--name", "blocks", "--sha256", sha256_of(path), *uses]) == 0
    assert "blocks was added: 3x, RGB" in capsys.readouterr().out

    assert main(["models", "list"]) == 0
    assert "blocks  onnx  upscaling  3x     art 3x  CC0-1.0" in capsys.readouterr().out

    photo, result = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGB", (40, 30), (200, 90, 30)).save(photo)
    # Once by its name, and once because it serves this choice.
    for choice in (["--model", "blocks", "--factor", "2x"], ["--preset", "art", "--factor", "3x"]):
        assert main([str(photo), "-o", str(result), "--threads", "1", "--overwrite", *choice]) == 0
        with Image.open(result) as image:
            assert image.size[0] == 40 * int(choice[-1][0])

    assert main(["models", "check", "blocks"]) == 0
    assert "blocks is fine" in capsys.readouterr().out

    assert main(["models", "remove", "blocks"]) == 0
    assert main([str(photo), "-o", str(result), "--overwrite", "--model", "blocks"]) == 1
    assert 'This service has no model "blocks"' in capsys.readouterr().err


def test_a_refused_model_leaves_nothing(
    tmp_path: Path, models_dir: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_onnx(tmp_path / "black.onnx", weights=kernel(2) * 0)

    assert main(["models", "add", str(path)]) == 1
    assert "the same colour for every image" in capsys.readouterr().err
    assert main(["models", "add", f"{address}/black.onnx", "--sha256", "0" * 64]) == 1
    assert "another SHA-256" in capsys.readouterr().err
    assert list(models_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "absent.onnx"], "does not exist"),
        (["add", "http://127.0.0.1:9/a.onnx"], "needs --sha256"),
        (["add", __file__, "--preset", "photo"], "go together"),
        (["add", __file__, "--sha256", "0", "--sha256", "1"], "one --sha256 for each"),
        (["add", __file__, "--name", "No Name"], "is invalid"),
        (["add", __file__, "--name", "realesrgan-x4plus"], "is invalid"),
        (["remove", "absent"], "no added model absent"),
        (["check", "../models"], "no added model"),
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", *arguments])

    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_one_message_names_all_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["absent.onnx", "gone.bin", "--name", "No Name", "--licence", "x" * 65, "--factor", "9x"]
    with pytest.raises(SystemExit) as ended:
        main(["models", "add", *wrong])

    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].partition("error: ")[2].split("; ") == [
        "argument --factor: invalid choice: '9x' (choose from 2x, 3x, 4x, 8x)",
        "--preset and --factor go together",
        "absent.onnx does not exist",
        "gone.bin does not exist",
        "argument --name: 'No Name' is invalid",
        f"argument --licence: '{'x' * 65}' is invalid",
    ]


def test_a_folder_named_models_is_still_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "models" / "a.png")

    assert main(["models", "--engine", "lanczos", "--factor", "2x", "-o", "out"]) == 0
    assert (tmp_path / "out" / "a-2x.png").is_file()


def test_a_face_model_is_added_and_refines_faces_but_upscales_nothing(
    tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_face_model(tmp_path / "gfp.onnx", side=256)
    url = f"{address}/gfp.onnx"

    assert main(["models", "add", url, "--sha256", sha256_of(path), "--licence", "Apache-2.0"]) == 0
    assert "gfp was added: faces of 256 px, -1..1" in capsys.readouterr().out
    assert main(["models", "list"]) == 0
    assert "gfp   onnx  faces  1x     refined faces  Apache-2.0" in capsys.readouterr().out
    assert main(["models", "check", "gfp"]) == 0
    assert "gfp is fine" in capsys.readouterr().out

    photo, result = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(data.astronaut()[20:210, 140:310]).save(photo)
    assert main([str(photo), "-o", str(result), "--threads", "1", "--model", "gfp"]) == 1
    assert 'The model "gfp" restores faces' in capsys.readouterr().err
    plain = ["--threads", "1", "--engine", "lanczos", "--factor", "2x", "--refine-faces"]
    assert main([str(photo), "-o", str(result), *plain]) == 0
    assert "Enhanced faces: 1 of 1, with the face model gfp" in capsys.readouterr().out
    assert main(["models", "add", str(path), "--name", "b", "--preset", "face", "--factor", "4x"]) == 1
    assert "without a preset" in capsys.readouterr().err
