"""Names in code pages that nobody has stated."""

from __future__ import annotations

import time

import pytest

from upscaler.filenames.encodings import DOS, WINDOWS, decoded

ALL = DOS + WINDOWS


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("cp437", ["Fühlung.png"]),
        ("cp437", ["Mädchen.jpg", "Straße.jpg", "Übung 1.png"]),
        ("cp437", ["déjà vu.jpg", "été.jpg"]),
        ("cp437", ["niño.png", "año nuevo.jpg"]),
        ("cp850", ["Køb.jpg", "Øl.png"]),
        ("cp850", ["São Paulo.jpg", "coração.png"]),
        ("cp852", ["zdjęcie.png", "żółw.jpg"]),
        ("cp1252", ["Größe.png", "Noël.jpg", "hôtel.jpg"]),
        ("cp932", ["写真.png", "海辺の猫.png"]),
        ("cp932", ["スクリーンショット.png"]),
        # Often taken for GBK.
        ("cp932", ["t氏の話を信じるな.txt"]),
        ("cp932", ["表.png", "予定.png"]),
        ("gbk", ["照片.png", "北京.jpg"]),
        # Valid UTF-8 by chance.
        ("gbk", ["图片1.png", "图片2.png"]),
        ("gbk", ["新建文件夹/一.png", "新建文件夹/二.png"]),
        ("euc_kr", ["사진.png"]),
        ("cp949", ["고양이.png", "강아지.jpg"]),
        ("big5", ["圖片1.png", "風景.png"]),
        ("cp1251", ["Снимок экрана.png"]),
        ("cp866", ["Новая папка/отпуск.jpg"]),
        ("cp866", ["ФОТО.JPG", "ЩУКИ.JPG"]),
        ("koi8-r", ["Кот.png", "Собака.png"]),
        ("cp1253", ["φωτογραφία.jpg", "γάτα.png"]),
        ("cp1256", ["صورة.png", "قط.jpg"]),
        ("cp720", ["صورة.png"]),
        ("cp1255", ["תמונה.jpg", "חתול.png"]),
        ("cp874", ["รูปภาพ.jpg", "แมว.png"]),
    ],
)
def test_names_of_one_archive_give_its_code_page(codec: str, names: list[str]) -> None:
    assert decoded([name.encode(codec) for name in ["IMG_1.png", *names]], ALL) == ["IMG_1.png", *names]


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("latin-1", "é.png"),
        ("latin-1", "café.png"),
        ("cp932", "写真.png"),
        ("gbk", "照片.png"),
        ("cp1251", "фото.jpg"),
    ],
)
def test_one_name_of_a_program_on_windows_is_enough(codec: str, name: str) -> None:
    assert decoded([name.encode(codec)], WINDOWS) == [name]


def test_valid_utf8_is_utf8_beside_another_encoding() -> None:
    names = ["花.png".encode(), "Füße.png".encode(), "Größe.png".encode("cp850"), b"plain.png"]

    assert decoded(names, ALL) == ["花.png", "Füße.png", "Größe.png", "plain.png"]


def test_what_fits_nowhere_is_still_a_name() -> None:
    assert decoded([b"\x81 a.png"], ("cp932",)) == ["\ufffd a.png"]
    assert decoded([], ALL) == []


def test_long_lists_are_soon_done() -> None:
    started = time.process_time()

    assert len(decoded(["ÿü.png".encode("cp850") * 500] * 2000, ALL)) == 2000

    assert time.process_time() - started < 5
