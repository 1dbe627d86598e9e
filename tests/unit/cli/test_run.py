from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from upscaler.cli.inputs import Source
from upscaler.cli.interruption import Interruption
from upscaler.cli.plan import PlannedImage
from upscaler.cli.run import Outcome, Rules, Run
from upscaler.cli.staging import StagedImage
from upscaler.cli.upscaling import Upscaled, UpscaleFailed, UpscaleInterrupted


class Copying:
    """Takes no time: the result is the original. What an original says is done."""

    def upscale(self, image: StagedImage, on_progress: Callable[[float], None], _: Interruption) -> Upscaled:
        content = image.source.read_bytes()
        if content == b"bad":
            raise UpscaleFailed("it is bad")
        if content == b"stop":
            raise UpscaleInterrupted
        if content == b"huge":
            raise MemoryError
        on_progress(1.0)
        image.target.write_bytes(content)
        return Upscaled(2, 1, ("It was copied\x1b",))


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., PlannedImage]:
    """Return a maker of images; the target of a.png is out/a.png."""

    def make(name: str, content: bytes = b"new", folder: Path | None = None) -> PlannedImage:
        (tmp_path / name).write_bytes(content)
        return PlannedImage(Source(tmp_path / name, folder), tmp_path / "out" / name)

    return make


def run(*images: PlannedImage, **rules: bool) -> Run:
    one = Run(Rules("png", **rules), [image.source for image in images])
    one.do(images, Copying(), Interruption())
    return one


def counts(one: Run) -> tuple[int, int, int]:
    return tuple(one.counts[outcome] for outcome in Outcome)  # type: ignore[return-value] # of three


def test_each_image_has_a_line_and_a_failure_does_not_stop_the_others(
    image: Callable[..., PlannedImage], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = image("gone.png")
    gone.source.path.unlink()

    done = run(image("a.png", b"bad"), gone, image("b.png", b"huge"), image("c.png"))

    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        f"upscaler: {tmp_path / 'a.png'}: it is bad",
        f"upscaler: {tmp_path / 'gone.png'}: No such file or directory",
        f"upscaler: {tmp_path / 'b.png'}: there is not enough memory",
    ]
    assert captured.out.splitlines() == [f"{tmp_path / 'out' / 'c.png'} (2 x 1)", "  It was copied\\x1b"]
    assert done.summary() == "1 upscaled, 3 failed"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["c.png"]


def test_quiet_prints_errors_only(
    image: Callable[..., PlannedImage], capsys: pytest.CaptureFixture[str]
) -> None:
    run(image("a.png"), image("b.png", b"bad"), quiet=True)

    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("from_folder", "rules", "expected", "content"),
    [
        (False, {}, (0, 0, 1), b"old"),
        (True, {}, (0, 1, 0), b"old"),
        (False, {"skip_existing": True}, (0, 1, 0), b"old"),
        (False, {"overwrite": True}, (1, 0, 0), b"new"),
        (True, {"overwrite": True}, (1, 0, 0), b"new"),
    ],
)
def test_a_result_that_exists_is_left_or_replaced(
    image: Callable[..., PlannedImage],
    tmp_path: Path,
    from_folder: bool,
    rules: dict[str, bool],
    expected: tuple[int, int, int],
    content: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"old")

    done = run(image("a.png", folder=tmp_path if from_folder else None), **rules)

    assert counts(done) == expected
    assert (tmp_path / "out" / "a.png").read_bytes() == content
    if expected[2]:
        assert "add --overwrite to replace it, or --skip-existing to leave it" in capsys.readouterr().err


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_no_input_is_overwritten_under_any_of_its_names(
    image: Callable[..., PlannedImage],
    tmp_path: Path,
    link: Callable[[Path, Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = image("a.png", b"first"), image("b.png", b"second")
    assert first.target is not None
    first.target.parent.mkdir()
    link(second.source.path, first.target)

    done = run(first, second, overwrite=True)

    assert counts(done) == (1, 0, 1)
    assert "is an input and is not overwritten" in capsys.readouterr().err
    assert first.target.read_bytes() == second.source.path.read_bytes() == b"second"


def test_what_is_no_file_is_not_overwritten(
    image: Callable[..., PlannedImage], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    os.mkfifo(tmp_path / "out" / "b.png")
    (tmp_path / "out" / "c.png").symlink_to("nowhere")

    done = run(image("a.png"), image("b.png"), image("c.png"), overwrite=True)

    assert counts(done) == (1, 0, 2)
    assert capsys.readouterr().err.count("exists and is no file") == 2
    assert (tmp_path / "out" / "c.png").read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_named(
    image: Callable[..., PlannedImage], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = image("a.png")
    (tmp_path / "out").write_bytes(b"a file")

    assert counts(run(one)) == (0, 0, 1)
    assert str(tmp_path / "out") in capsys.readouterr().err


def test_an_interrupted_run_ends_there(image: Callable[..., PlannedImage]) -> None:
    assert counts(run(image("a.png"), image("b.png", b"stop"), image("c.png"))) == (1, 0, 0)
    one = Run(Rules("png"), [])
    interrupted = Interruption()
    interrupted.receive(signal.SIGTERM)
    one.do([image("d.png")], Copying(), interrupted)
    assert one.summary() == "nothing to do"
