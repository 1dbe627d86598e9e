from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

import config
import upscaler
from tests.support.disks import filled_up, small_disk
from upscaler.cli import main

FAST = ["--engine", "lanczos", "--factor", "2x"]
ROOT = Path(upscaler.__file__).parents[1]
Photo = Callable[..., Path]


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    def write(name: str, size: tuple[int, int] = (12, 9)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = None if Image.registered_extensions().get(path.suffix.lower()) else "PNG"
        Image.new("RGB", size, (200, 90, 30)).save(path, kind)
        return path

    return write


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command line as a process; ``env`` adds to the environment, ``launcher`` is a command before it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(
        [*options.pop("launcher", ()), sys.executable, "-m", "upscaler", *FAST, *map(os.fspath, arguments)],
        env=environment,
        **{**streams, **options},
    )


def ended(process: subprocess.Popen[bytes], send: bytes = b"") -> tuple[int, bytes, str]:
    """Return exit status, standard output and standard error."""
    output, errors = process.communicate(send, timeout=120)
    assert b"Traceback" not in (errors or b""), errors
    return process.returncode, output, (errors or b"").decode(errors="replace")


def test_it_writes_beside_the_input_by_default(
    photo: Photo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FAST, str(photo("a.jpg"))]) == 0
    assert size_of(tmp_path / "a-2x.png") == (24, 18)
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / 'a-2x.png'} (24 x 18)", "1 upscaled"]


def test_real_models_upscale_from_the_command_line(photo: Photo, tmp_path: Path) -> None:
    target = tmp_path / "out.webp"
    options = ["--factor", "2x", "--preset", "standard", "--threads", "1"]
    assert main([*options, str(photo("a.png")), "-o", str(target)]) == 0
    with Image.open(target) as image:
        assert (image.format, image.size) == ("WEBP", (24, 18))


def test_it_upscales_a_folder_into_a_folder(
    photo: Photo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.jpg", "a.png", "b.PNG", "Mr. Smith", "._a.png", "Thumbs.db", "deep/c.png"):
        photo(f"in/{name}")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    given = [*FAST, str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--format", "jpeg"]

    assert main(given) == 0
    results = ["Mr. Smith-2x.jpg", "a.jpg-2x.jpg", "a.png-2x.jpg", "b-2x.jpg"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == results
    assert f"left out the folders in {tmp_path / 'in'}: deep; add --recursive" in capsys.readouterr().err

    assert main([*given, "--recursive"]) == 0
    assert size_of(tmp_path / "out" / "deep" / "c-2x.jpg") == (24, 18)
    assert capsys.readouterr().out.splitlines()[-1] == "1 upscaled, 4 skipped"


def test_a_folder_that_was_done_has_nothing_left_to_do(
    photo: Photo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo("in/a.png")
    assert main([*FAST, str(tmp_path / "in")]) == 0
    assert main([*FAST, str(tmp_path / "in")]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "1 skipped"
    assert "left out results of earlier runs: a-2x.png" in captured.err
    assert main([*FAST, str(tmp_path / "in"), "--overwrite"]) == 0
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["a-2x.png", "a.png"]

    (tmp_path / "empty").mkdir()
    assert main([*FAST, str(tmp_path / "empty"), str(tmp_path / "desktop.ini")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing to do"


def test_a_bad_image_fails_with_one_line_and_the_others_go_on(
    photo: Photo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not an image")
    raw = photo("a.tiff").rename(tmp_path / "a.dng")
    good = photo("good.png")
    missing = tmp_path / "missing.png"

    assert main([*FAST, str(broken), str(missing), str(raw), str(good), "--quiet"]) == 1

    assert size_of(tmp_path / "good-2x.png") == (24, 18)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert [line.split(": ")[1] for line in lines] == [str(missing), str(broken), str(raw)]
    assert "does not exist" in lines[0]
    assert "This isn't an image in a supported format" in lines[1]
    assert "camera's raw image" in lines[2]


@pytest.mark.parametrize("extra", [[], ["--overwrite"], ["--skip-existing"]])
@pytest.mark.parametrize("link", [None, os.link, os.symlink])
def test_it_never_replaces_an_input(
    photo: Photo,
    tmp_path: Path,
    extra: list[str],
    link: Callable[[Path, Path], None] | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = photo("a.png"), tmp_path / "b.png"
    before = source.read_bytes()
    if link is None:
        out = source
    else:
        link(source, out)
    with pytest.raises(SystemExit) as left:
        main([*FAST, str(source), "-o", str(out), *extra])
    assert left.value.code == 2
    assert source.read_bytes() == before
    assert "is an input" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["nothing.png"],
        ["nothing.png", "nor-this.png"],
        [""],
        ["x" * 300],
        ["a.png", "--factor", "5x"],
        ["a.png", "--factor", "2x", "--width", "20"],
        ["a.png", "--quality", "0"],
        ["a.png", "--threads", "0"],
        ["a.png", "b.png", "-o", "x.png"],
        ["a.png", "-o", "x.gif"],
        ["a.png", "-o", "x.xyz"],
        ["a.png", "-o", "x.webp", "--format", "png"],
        ["a.png", "b.png", "-o", "-"],
        ["a.png", "--overwrite", "--skip-existing"],
    ],
)
def test_bad_use_ends_with_2_before_any_work(
    photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    photo("a.png")
    photo("b.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(wrong)
    assert left.value.code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_settings_that_cannot_be_read_end_it_with_one_line(
    photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_bytes("DATA_DIR=données".encode("latin-1"))
    monkeypatch.setattr(config, "models_dir", partial(config.models_dir, env_file=tmp_path / ".env"))

    assert main([*FAST, str(photo("a.png"))]) == 2

    assert capsys.readouterr().err.count("\n") == 1


def test_it_says_what_was_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((4, 4), 3000, np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "deep.png").rename(tmp_path / "deep.jpg")
    main([*FAST, "--format", "webp", str(tmp_path / "deep.jpg")])
    output = capsys.readouterr().out
    assert "  The name says JPEG, the content is PNG" in output
    assert "  Colour depth reduced from 16 to 8 bits per channel" in output


def test_it_lists_models_and_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-models"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["name", "type", "scale", "noise", "licence", "SHA-256"]
    assert any(line.startswith("realesrgan-x4plus ") for line in table)
    assert main(["--list-presets"]) == 0
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "name"
    assert " ".join(first.split()) == "standard Standard 2x, 3x, 4x, 8x Good for almost everything"


def test_standard_input_and_output_carry_images_and_nothing_else(photo: Photo, tmp_path: Path) -> None:
    image = photo("a.png").read_bytes()

    code, output, errors = ended(start("-"), image)
    (tmp_path / "piped").write_bytes(output)
    assert (code, errors.splitlines()) == (0, ["standard output (24 x 18)", "1 upscaled"])
    assert size_of(tmp_path / "piped") == (24, 18)

    code, output, errors = ended(start("-", "-o", tmp_path / "b.webp"), image)
    assert (code, output.splitlines()[-1], errors) == (0, b"1 upscaled", "")
    assert size_of(tmp_path / "b.webp") == (24, 18)

    code, output, errors = ended(start(tmp_path / "a.png", "-o", "-", "--format", "jpeg", "--quiet"))
    assert (code, output[:3], errors) == (0, b"\xff\xd8\xff", "")

    code, output, errors = ended(start("-"))
    assert (code, output) == (1, b"")
    assert errors.startswith("upscaler: standard input: This file is empty")


def test_a_signal_ends_the_wait_for_a_pipe(tmp_path: Path) -> None:
    process = start("-", "-o", "-", env={"TMPDIR": str(tmp_path)})
    while not list(tmp_path.glob("upscaler-*/stdin")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None

    assert process.wait(timeout=60) == 143
    assert process.stderr.read().splitlines()[-1] == b"upscaler: interrupted"
    assert list(tmp_path.iterdir()) == []
    process.communicate()


@pytest.fixture
def terminal() -> Iterator[int]:
    """A terminal, as a file descriptor."""
    own, other = pty.openpty()
    yield other
    os.close(other)
    os.close(own)


def test_no_image_is_read_from_or_written_to_a_terminal(photo: Photo, terminal: int) -> None:
    code, _, errors = ended(start("-", stdin=terminal))
    assert (code, "standard input is a terminal" in errors) == (2, True)
    code, _, errors = ended(start(photo("a.png"), "-o", "-", stdout=terminal))
    assert (code, "not written to a terminal" in errors) == (2, True)


def test_no_name_ends_in_a_traceback(photo: Photo, tmp_path: Path) -> None:
    names = [
        b"caf\xe9.png",
        b"new\nline\x1b[31m.png",
        "é\U0001f4a5.png".encode(),
        b"a[1].png",
        b"%s {0}.png",
        b"-x.png",
    ]
    source = photo("source.png")
    (tmp_path / "in").mkdir()
    for name in names:
        Path(os.fsdecode(bytes(tmp_path / "in") + b"/" + name)).write_bytes(source.read_bytes())
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    for number, extra in enumerate(((), ("--format", "webp"))):
        out = tmp_path / f"out{number}"
        code, output, errors = ended(start(tmp_path / "in", "-o", out, *extra, env=plain))

        assert (code, errors) == (0, "")
        assert output.isascii()
        assert output.decode().splitlines()[-1] == "6 upscaled"
        assert b"caf\\udce9-2x" in output
        assert b"new\\nline\\x1b[31m-2x" in output
        found = {os.fsencode(path.stem) for path in out.iterdir()}
        assert found == {name.removesuffix(b".png") + b"-2x" for name in names}


def test_a_reader_that_leaves_does_not_stop_the_work(photo: Photo, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        photo(f"in/{name}")
    process = start(tmp_path / "in", "-o", tmp_path / "out")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    assert ended(process)[0] == 0
    assert len(list((tmp_path / "out").iterdir())) == 2

    process = start(tmp_path / "in" / "a.png", "-o", "-")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    code, _, errors = ended(process)
    assert (code, "standard output was closed" in errors) == (1, True)


def test_a_full_disk_fails_with_one_line_and_leaves_nothing(photo: Photo, tmp_path: Path) -> None:
    source = photo("a.png", (400, 400))
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)).save(source)
    with small_disk(tmp_path / "disk", 1) as disk, filled_up(disk, 100_000):
        code, _, errors = ended(start(source, "-o", disk))

        assert code == 1
        assert errors.splitlines() == [f"upscaler: {source}: No space left on device"]
        assert [path.name for path in disk.iterdir()] == ["ballast"]


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv of util-linux is not installed")
def test_what_may_not_be_read_or_written_is_reported(photo: Photo, tmp_path: Path) -> None:
    secret, fine, locked = photo("secret.png"), photo("fine.png"), tmp_path / "locked"
    secret.chmod(0)
    locked.mkdir(mode=0o555)
    # Root as well is refused without these two rights.
    mortal = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()

    code, output, errors = ended(start(secret, fine, "-o", tmp_path / "out", launcher=mortal))
    assert (code, errors.splitlines()) == (1, [f"upscaler: {secret}: Permission denied"])
    assert output.splitlines()[-1] == b"1 upscaled, 1 failed"

    code, _, errors = ended(start(fine, "-o", locked, launcher=mortal))
    assert (code, errors.splitlines()) == (1, [f"upscaler: {fine}: Permission denied: {locked}"])


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("twice", [False, True])
def test_a_signal_ends_it_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int, twice: bool
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (700, 700, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.tiff")
    out, temporary = tmp_path / "out", tmp_path / "temporary"
    for folder in (out, temporary):
        folder.mkdir()
    process = start(tmp_path / "a.tiff", "-o", out, env={"TMPDIR": str(temporary)})
    while not list(out.glob("*.part")) and process.poll() is None:
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    if twice:
        time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    code, _, errors = ended(process)

    assert errors.strip() == "upscaler: interrupted"
    # The second signal may arrive when all is cleaned up, and end what little there is left.
    assert code in ((status, -number) if twice else (status,))
    assert list(out.iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert psutil.wait_procs(children, timeout=10)[1] == []
