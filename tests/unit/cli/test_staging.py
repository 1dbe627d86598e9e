from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import pytest

from upscaler.cli.inputs import Source
from upscaler.cli.interruption import Interruption
from upscaler.cli.plan import PlannedImage
from upscaler.cli.staging import staged


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def planned(tmp_path: Path, name: str = "caf\udce9 \u202e.PNG") -> PlannedImage:
    (tmp_path / name).write_bytes(b"original")
    (tmp_path / "out").mkdir()
    return PlannedImage(Source(tmp_path / name), tmp_path / "out" / f"{name}-2x.png")


def test_the_paths_are_plain_and_the_result_gets_its_name_in_the_end(tmp_path: Path, temporary: Path) -> None:
    image = planned(tmp_path)
    assert image.target is not None
    with staged(image, "png", None, Interruption()) as files:
        assert (files.name, files.source.name) == (image.source.path.name, "source.PNG")
        assert str(files.source).isascii()
        assert str(files.target).isascii()
        assert files.source.read_bytes() == b"original"
        files.target.write_bytes(b"result")
        assert not image.target.exists()

    assert image.target.read_bytes() == b"result"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [image.target.name]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_nothing_is_left_when_it_fails(tmp_path: Path, temporary: Path, error: type[BaseException]) -> None:
    image = planned(tmp_path)

    def work() -> None:
        with staged(image, "png", None, Interruption()) as files:
            files.target.write_bytes(b"half")
            files.target.with_name(files.target.name + ".part").write_bytes(b"half")
            raise error

    with pytest.raises(error):
        work()
    assert list((tmp_path / "out").iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert image.source.path.read_bytes() == b"original"


def test_standard_input_and_output(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"original")))
    stdout = io.BytesIO()

    image = PlannedImage(Source(Path("-"), is_standard=True), None)
    with staged(image, "webp", stdout, Interruption()) as files:
        assert (files.name, files.source.read_bytes()) == ("stdin", b"original")
        assert files.target.suffix == ".webp"
        files.target.write_bytes(b"result")

    assert stdout.getvalue() == b"result"
    assert list(temporary.iterdir()) == []
