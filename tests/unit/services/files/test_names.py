from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from upscaler.models import Job
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import (
    MAX_STEM,
    fitting_filename,
    readable_bytes,
    result_name,
    safe_filename,
    upload_name,
)


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("cat.JPG", "cat.JPG"),
        ("cat.png", "cat.jpg"),
        ("image.php", "image.php.jpg"),
        ("image", "image.jpg"),
        (".png", ".png.jpg"),
    ],
)
def test_a_guessed_name_gets_the_extension_of_the_content(name: str, fitting: str) -> None:
    assert fitting_filename(name, ("jpg", "jpeg")) == fitting


@pytest.mark.parametrize(("guessed", "kept"), [(True, "cat.jpg"), (False, "cat.png")])
def test_only_a_guessed_name_of_an_upload_is_changed(guessed: bool, kept: str) -> None:
    incoming = IncomingFile(Path("unused"), "folder/cat.png", guessed_name=guessed)

    assert upload_name(incoming, ("jpg", "jpeg")) == kept


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\images\\cat.png", "cat.png"),
        (" cat\0\n.png ", "cat.png"),
        ("قط.png", "قط.png"),
        ("", "image"),
        ("folder/", "image"),
        ("\x07", "image"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
    ],
)
def test_a_file_name_is_one_printable_part(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("holiday.photo.jpg", "holiday.photo-2x.webp"),
        ("holiday", "holiday-2x.webp"),
        (".jpg", ".jpg-2x.webp"),
        ("x" * 240 + ".jpg", "x" * MAX_STEM + "-2x.webp"),
    ],
)
def test_a_result_is_named_after_its_original(new_job: Callable[..., Job], filename: str, name: str) -> None:
    assert result_name(new_job(filename, result_path="results/ab/job_ab.webp")) == name


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (15_000_000, "15 MB"),
        (1_234_567, "1.23 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_sizes_are_in_decimal_units(size: int, text: str) -> None:
    assert readable_bytes(size) == text
