from __future__ import annotations

import os
from pathlib import Path

import pytest

from upscaler.cli.output import Output, output_of


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image, a folder and a plain file."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "plain"):
        (tmp_path / name).touch()
    for name in ("folder", "folder.png"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "given", "output"),
    [
        (None, ["a.png"], Output()),
        (None, ["-"], Output(is_standard=True)),
        ("-", ["a.png"], Output(is_standard=True)),
        ("b.JPG", ["a.png"], Output(file=Path("b.JPG"))),
        ("new/b.webp", ["-"], Output(file=Path("new/b.webp"))),
        ("plain", ["a.png"], Output(file=Path("plain"))),
        ("folder", ["a.png"], Output(folder=Path("folder"))),
        ("folder.png", ["a.png", "b.png"], Output(folder=Path("folder.png"))),
        ("new", ["a.png"], Output(folder=Path("new"))),
        ("new.png/", ["a.png"], Output(folder=Path("new.png"))),
        ("results v1.2", ["a.png", "b.png"], Output(folder=Path("results v1.2"))),
        ("Mr. Smith", ["folder"], Output(folder=Path("Mr. Smith"))),
    ],
)
def test_out_is_a_file_a_folder_or_standard_output(
    text: str | None, given: list[str], output: Output
) -> None:
    assert output_of(text, given, None) == output


@pytest.mark.parametrize("ending", ["gif", "bmp", "heic", "jp2", "xyz", "png_large", "PSD"])
def test_an_ending_that_cannot_be_written_is_refused(ending: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be written: results are files that end in \.jpg, \.png"):
        output_of(f"b.{ending}", ["a.png"], None)


@pytest.mark.parametrize(
    ("text", "given", "format_name", "reason"),
    [
        ("b.webp", ["a.png"], "tiff", "is no file of --format tiff"),
        ("b.png", ["a.png", "c.png"], None, "must be a folder when there are several images"),
        ("b.xyz", ["folder"], None, "must be a folder"),
        ("plain", ["folder"], None, "must be a folder"),
        ("-", ["a.png", "c.png"], None, "only one image can go to standard output"),
        ("-", ["folder"], None, "only one image can go to standard output"),
        (os.devnull, ["a.png"], None, "is neither a file nor a folder"),
        ("", ["a.png"], None, "OUT is empty"),
    ],
)
def test_what_does_not_go_together_is_refused(
    text: str, given: list[str], format_name: str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        output_of(text, given, format_name)


@pytest.mark.parametrize(
    ("file", "name"), [("a.jpeg", "jpeg"), ("a.TIF", "tiff"), ("plain", None), (None, None)]
)
def test_the_ending_names_the_format(file: str | None, name: str | None) -> None:
    assert Output(file=Path(file) if file else None).format_name == name
