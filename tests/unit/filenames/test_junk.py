from __future__ import annotations

import pytest

from upscaler.filenames.junk import is_hidden, is_junk


@pytest.mark.parametrize(
    "path",
    [
        *("Thumbs.db", "a/THUMBS.DB", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN/a.png"),
        *("System Volume Information/a.png", "~$notes.docx", ".DS_Store", "__MACOSX/._a.png", "a/._x.png"),
        *(".Trashes/501/a.png", ".Spotlight-V100/x", ".fseventsd/a", "Icon\r", ".AppleDouble/a.png"),
        *("lost+found/a.png", ".directory", ".Trash-1000/files/a.png", ".~lock.a.odt#", ".nfs0000000000a1b2"),
        *("@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", "#recycle/a.png", "a\\@Recycle\\b.png", ".@__thumb/a.jpg"),
        *("a.png@SynoEAStream", "a.png:Zone.Identifier", "Picasa.ini"),
    ],
)
def test_what_systems_leave_beside_images_is_junk(path: str) -> None:
    assert is_junk(path)


@pytest.mark.parametrize(
    "path", ["a.png", "thumbs.png", "desktop.png", "my@eaDir/a.png", "_a.png", "recycle/a.png", ".hidden.png"]
)
def test_other_files_are_not(path: str) -> None:
    assert not is_junk(path)


@pytest.mark.parametrize(
    ("path", "hidden"), [(".a.png", True), ("a/.b/c.png", True), ("../a.png", False), ("./a.png", False)]
)
def test_a_dot_hides_a_file_or_folder(path: str, hidden: bool) -> None:
    assert is_hidden(path) == hidden
