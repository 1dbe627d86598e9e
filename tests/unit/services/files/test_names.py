from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Job
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import (
    fitting_filename,
    local_name,
    original_name,
    readable_bytes,
    result_name,
    safe_filename,
    upload_name,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("cat.JPG", "cat.JPG"),
        ("cat.png", "cat.jpg"),
        ("image.php", "image.php.jpg"),
        ("image", "image.jpg"),
        ("Mr. Smith", "Mr. Smith.jpg"),
        (".png", ".png.jpg"),
        ("x" * 255, "x" * 251 + ".jpg"),
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
        ("Screenshot at 10.32.07\u202fAM.png", "Screenshot at 10.32.07\u202fAM.png"),
        ("a\u00a0b.png", "a\u00a0b.png"),
        # With a joiner between two letters, as Persian has, and within an emoji.
        ("می\u200cشود.png", "می\u200cشود.png"),
        (f"{FAMILY}.png", f"{FAMILY}.png"),
        # What turns the text around it.
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066a\u2069\u200f.png", "a.png"),
        ("a\u2028b\u0085.png", "ab.png"),
        ("half\ud83d.png", "half.png"),
        # Decomposed, as macOS has them.
        ("e\u0301.png", "\u00e9.png"),
        ("", "image"),
        ("folder/", "image"),
        ("\x07", "image"),
        ("..", "image"),
        ("\u200d\u00a0", "image"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("あ" * 200 + ".png", "あ" * 83 + ".png"),
        # 18 bytes each: none is cut into its members.
        (FAMILY * 20 + ".png", FAMILY * 13 + ".png"),
        ("Mr. " + "x" * 300, "Mr. " + "x" * 251),
    ],
)
def test_a_file_name_is_one_part_of_what_names_may_have(name: str, safe: str) -> None:
    assert safe_filename(name) == safe
    assert len(safe.encode()) <= 255


@pytest.mark.parametrize(
    ("filename", "mime_type", "offered"),
    [
        ("cat.jpeg", "image/jpeg", "cat.jpeg"),
        ("cat.png", "image/jpeg", "cat.jpg"),
        ("page.html", "image/png", "page.html.png"),
        ("Mr. Smith", "image/png", "Mr. Smith.png"),
    ],
)
def test_an_original_is_offered_with_the_extension_of_its_content(
    db_session: Session, filename: str, mime_type: str, offered: str
) -> None:
    upload = factories.new_upload(db_session, original_filename=filename, mime_type=mime_type)

    assert original_name(upload) == offered


@pytest.mark.parametrize(
    ("filename", "name"), [("cat.JPG", "source.jpg"), ("Mr. Smith", "source.png"), ("a.sh", "source.png")]
)
def test_an_engine_reads_an_original_under_the_extension_that_was_sent(
    db_session: Session, filename: str, name: str
) -> None:
    upload = factories.new_upload(
        db_session, original_filename=filename, storage_path="uploads/ab/upl_ab.png"
    )

    assert local_name(upload) == name


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("holiday.photo.jpg", "holiday.photo-2x.webp"),
        ("holiday", "holiday-2x.webp"),
        ("Mr. Smith", "Mr. Smith-2x.webp"),
        ("scan v1.2", "scan v1.2-2x.webp"),
        ("trail .png", "trail-2x.webp"),
        (".jpg", ".jpg-2x.webp"),
        ("x" * 251 + ".jpg", "x" * 239 + "-2x.webp"),
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
