"""The four ways in which archives state their names."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.support.zips import IS_UTF8, raw_zip, unicode_path
from upscaler.services.batches.zip_names import names_of


def names_in(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return names_of(opened.infolist())


def test_the_flag_says_utf8() -> None:
    names = ["Füße.png", "\U0001f469\u200d\U0001f467.png"]

    assert names_in(raw_zip([(name.encode(), b"") for name in names], flags=IS_UTF8)) == names


def test_the_unicode_path_goes_before_the_bytes() -> None:
    archive = raw_zip([(b"????.png", b"")], extra=unicode_path("写真.png"))

    assert names_in(archive) == ["写真.png"]


def test_a_unicode_path_of_another_name_is_stale() -> None:
    archive = raw_zip(
        [("Füße.png".encode("cp437"), b"")], extra=unicode_path("old.png", checksum_of=b"old.png")
    )

    assert names_in(archive) == ["Füße.png"]


@pytest.mark.parametrize("field", [b"up\x02\0\x01\0", b"up\x00\x00", b"up\x50\x00\x01", b"u"])
def test_a_damaged_field_states_nothing(field: bytes) -> None:
    entry = zipfile.ZipInfo("plain.png")
    entry.extra = field

    assert names_of([entry]) == ["plain.png"]


def test_utf8_without_a_flag_is_utf8() -> None:
    # The archive utility of macOS; names are decomposed there.
    names = ["Fu\u0308ße.png", "写真/花.png"]

    assert names_in(raw_zip([(name.encode(), b"") for name in names])) == names


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("cp437", ["Fühlung.png"]),
        ("cp850", ["Køb.jpg", "Øl.png"]),
        ("cp932", ["写真.png", "海辺の猫.png"]),
        ("gbk", ["图片1.png", "图片2.png"]),
        ("euc_kr", ["고양이.png", "강아지.jpg"]),
        ("cp1251", ["Кот.png", "Собака.png"]),
        ("cp866", ["Кот.png", "Собака.png"]),
    ],
)
def test_else_the_names_together_give_their_code_page(codec: str, names: list[str]) -> None:
    assert names_in(raw_zip([(name.encode(codec), b"") for name in names])) == names
