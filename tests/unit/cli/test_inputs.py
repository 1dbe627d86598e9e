from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from upscaler.cli.inputs import Inputs, Source, collect, listed


def images(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path, "PNG")


def names_of(inputs: Inputs) -> list[str]:
    return [source.path.name for source in inputs.sources]


def find(*given: Path | str, recursive: bool = False, results: Path | None = None) -> Inputs:
    return collect([str(one) for one in given], recursive=recursive, results=results)


def test_a_folder_gives_its_images_by_name(tmp_path: Path) -> None:
    images(tmp_path, "b.png", "a.JPG", "c.heif", "Mr. Smith", "Screenshot at 10.32.07", "d.jpg_large")
    images(tmp_path, "e.cr2", ".hidden.png", "._a.png", "x.tmp")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "README").write_text("no image")
    (tmp_path / "Thumbs.db").touch()
    (tmp_path / "folder.png").mkdir()

    found = find(tmp_path)

    assert names_of(found) == [
        "Mr. Smith",
        "Screenshot at 10.32.07",
        "a.JPG",
        "b.png",
        "c.heif",
        "d.jpg_large",
    ]
    assert {source.folder for source in found.sources} == {tmp_path}
    assert found.remarks == [f"left out the folders in {tmp_path}: folder.png; add --recursive for them"]


def test_folders_in_folders_are_named_or_searched(tmp_path: Path) -> None:
    images(tmp_path, "a.png", "z/b.png", "y/x/c.png", "@eaDir/a.png", ".git/d.png", "out/e.png")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)

    assert find(tmp_path, results=tmp_path / "out").remarks == [
        f"left out the folders in {tmp_path}: link, y, z; add --recursive for them"
    ]
    found = find(tmp_path, recursive=True, results=tmp_path / "out")
    assert [str(source.path.relative_to(tmp_path)) for source in found.sources] == [
        "a.png",
        "y/x/c.png",
        "z/b.png",
    ]
    assert found.remarks == []


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    found = find(tmp_path)

    assert (found.sources, found.remarks) == ([], [f"there are no images in {tmp_path}"])


def test_files_are_taken_as_they_are_named_and_once(tmp_path: Path) -> None:
    images(tmp_path, "b.png", ".a.png")
    (tmp_path / "notes.txt").touch()

    found = find(
        tmp_path / "notes.txt", tmp_path / ".a.png", tmp_path / "b.png", tmp_path, tmp_path / "b.png"
    )

    assert [(source.path.name, source.folder) for source in found.sources] == [
        ("notes.txt", None),
        (".a.png", None),
        ("b.png", None),
    ]


def test_standard_input_is_no_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").touch()

    assert find("-", "./-").sources == [Source(Path("-"), is_standard=True), Source(Path("-"))]
    assert [str(source) for source in find("-", "./-").sources] == ["standard input", "-"]


def test_what_cannot_be_read_is_reported_and_the_others_are_taken(tmp_path: Path) -> None:
    images(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe")
    long = "x" * 300

    found = find(
        tmp_path / "absent", tmp_path / "pipe", long, tmp_path / "desktop.ini", tmp_path / "a.png", ""
    )

    assert names_of(found) == ["a.png"]
    assert found.missing == [str(tmp_path / "absent"), ""]
    assert [reason for _, reason in found.problems] == [
        "is neither a file nor a folder; to read from a pipe, use -",
        "File name too long",
    ]
    assert found.remarks == [f"left out {tmp_path / 'desktop.ini'}, which is a file of the system"]


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images(tmp_path, "a.png", "locked/b.png")
    scan = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)

    found = find(tmp_path, recursive=True)

    assert names_of(found) == ["a.png"]
    assert found.problems == [(str(tmp_path / "locked"), "Permission denied")]


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
