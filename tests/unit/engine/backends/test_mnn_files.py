from __future__ import annotations

import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.mnn import needs_mnn
from tests.support.small_models import write_onnx
from upscaler.engine.backends import mnn_files
from upscaler.engine.backends.mnn_files import MnnFiles
from upscaler.engine.model_zoo.ncnn_graph import GraphError

pytestmark = needs_mnn


@pytest.fixture
def onnx_file(tmp_path: Path) -> bytes:
    return write_onnx(tmp_path / "a.onnx").read_bytes()


def test_a_model_is_converted_once(tmp_path: Path, onnx_file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path = MnnFiles(str(tmp_path / "cache"), "1").converted(onnx_file)
    assert path.stat().st_size > 0
    assert list(path.parent.iterdir()) == [path], "nothing else is left"

    monkeypatch.setattr(mnn_files, "convert", lambda *_: pytest.fail("converted again"))

    assert MnnFiles(str(tmp_path / "cache"), "1").converted(onnx_file) == path


def test_other_weights_and_another_version_have_files_of_their_own(tmp_path: Path, onnx_file: bytes) -> None:
    other = write_onnx(tmp_path / "b.onnx", bias=0.5).read_bytes()
    files = MnnFiles(str(tmp_path / "cache"), "1")

    paths = {files.converted(onnx_file), files.converted(other)}
    paths.add(MnnFiles(str(tmp_path / "cache"), "2").converted(onnx_file))

    assert len(paths) == 3


def test_several_at_once_leave_one_whole_file(tmp_path: Path, onnx_file: bytes) -> None:
    def convert(_: int) -> bytes:
        return MnnFiles(str(tmp_path / "cache"), "1").converted(onnx_file).read_bytes()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(convert, range(4)))

    # A converted model holds a number of its own.
    assert len({len(content) for content in found}) == 1
    assert len(list((tmp_path / "cache" / "mnn").iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"MNN", None], ids=["empty", "cut off", "altered"])
def test_a_damaged_file_is_replaced(tmp_path: Path, onnx_file: bytes, damage: bytes | None) -> None:
    files = MnnFiles(str(tmp_path), "1")
    path = files.converted(onnx_file)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)

    again = files.converted(onnx_file)

    assert len(again.read_bytes()) == len(whole)
    assert files.converted(onnx_file) == again
    assert list(tmp_path.joinpath("mnn").iterdir()) == [again]


def test_what_the_check_refuses_is_not_kept(tmp_path: Path, onnx_file: bytes) -> None:
    def refuse(new: Path) -> None:
        assert new.stat().st_size > 0
        raise GraphError("it computes something else")

    files = MnnFiles(str(tmp_path / "cache"), "1")
    for _ in range(2):
        with pytest.raises(GraphError, match="something else"):
            files.converted(onnx_file, refuse)
    assert list((tmp_path / "cache" / "mnn").iterdir()) == []


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="could not convert"):
        MnnFiles(str(tmp_path), "1").converted(b"no model")


def test_without_a_folder_files_go_with_the_object(onnx_file: bytes) -> None:
    files = MnnFiles("", "1")
    path = files.converted(onnx_file)
    assert path.is_file()

    del files
    gc.collect()

    assert not path.parent.exists()


def test_a_folder_that_cannot_be_made_is_no_obstacle(tmp_path: Path, onnx_file: bytes) -> None:
    (tmp_path / "file").write_text("")

    files = MnnFiles(str(tmp_path / "file"), "1")

    assert files.converted(onnx_file).is_file()


def test_files_that_nobody_loaded_for_long_are_removed(tmp_path: Path, onnx_file: bytes) -> None:
    files = MnnFiles(str(tmp_path), "1")
    path = files.converted(onnx_file)
    old, used = path.with_name("old.mnn"), path.with_name("used.mnn")
    abandoned = path.with_name("abandoned")
    abandoned.mkdir()
    for one in (old, used, abandoned / "model.onnx"):
        one.write_bytes(b"x")
    for one in (old, path, abandoned):
        os.utime(one, (0, time.time() - 31 * 86_400))
    files.converted(onnx_file)

    files.converted(write_onnx(tmp_path / "b.onnx", bias=0.5).read_bytes())

    assert (old.exists(), abandoned.exists(), used.exists(), path.exists()) == (False, False, True, True)
