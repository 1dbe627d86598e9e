"""The dialects in which programs write the name of a file."""

from __future__ import annotations

import time

import pytest

from upscaler.filenames.disposition import parameters_of

HEAD = b'form-data; name="file"; '


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        # Chromium, Firefox, Safari, requests, OkHttp
        ('filename="Füße 花.png"'.encode(), "Füße 花.png"),
        (b'filename="a%22b%0D%0Ac%20d.png"', 'a"b\r\nc%20d.png'),
        (b'filename="C:\\fakepath\\a.png"', "C:\\fakepath\\a.png"),
        (b'filename="a;b=c.png"', "a;b=c.png"),
        (b'filename="a\\"', "a\\"),
        (b'filename=""', ""),
        # curl, Go, Java
        (b'filename="a\\"b\\\\c.png"', 'a"b\\c.png'),
        # programs that escape nothing
        (b'filename="a"b.png"', 'a"b.png'),
        (b'filename="a"b.png"; size=3', 'a"b.png'),
        (b"filename=my photo.png; size=3", "my photo.png"),
        (b'filename="cut off', "cut off"),
        # .NET, Spring
        (b"filename=photo.png; filename*=utf-8''f%C3%BC.png", "fü.png"),
        (b"filename*=utf-8''f%C3%BC.png; filename=photo.png", "fü.png"),
        (b"filename*=\"UTF-8''f%C3%BC.png\"", "fü.png"),
        (b"filename*=iso-8859-1'en'f%FC.png", "fü.png"),
        (b"filename*=x-unknown''f%C3%BC.png", "fü.png"),
        (b"filename*=f%C3%BC.png", "fü.png"),
        (b"filename=photo.png; filename*=utf-8''", "photo.png"),
        (b'filename="=?utf-8?B?ZsO8LnBuZw==?="', "fü.png"),
        (b'filename="=?UTF-8?Q?f=C3=BC_?= =?UTF-8?Q?r.png?="', "fü r.png"),
        (b'filename="=?utf-8?B?A?="', "=?utf-8?B?A?="),
        # Python's email package
        (b"filename*0*=utf-8''f%C3; filename*1*=%BC; filename*2=\".png\"", "fü.png"),
        # the bytes of a code page
        ('filename="café.png"'.encode("latin-1"), "café.png"),
        ('filename="表.png"'.encode("cp932"), "表.png"),
        ('filename="фото.jpg"'.encode("cp1251"), "фото.jpg"),
        # spelled in other ways
        (b'FileName = "a.png"', "a.png"),
        (b'size="3" ; filename="a.png" ', "a.png"),
        (b'x; ; filename="a.png"; filename="b.png"', "a.png"),
    ],
)
def test_a_file_name_is_read_in_every_dialect(header: bytes, filename: str) -> None:
    found = parameters_of(HEAD + header)

    assert (found["name"], found["filename"]) == ("file", filename)


@pytest.mark.parametrize("header", [b"", b"form-data", b"form-data;", b"form-data; name", b";;=;"])
def test_a_header_without_a_name_has_none(header: bytes) -> None:
    assert parameters_of(header) == {}


@pytest.mark.parametrize(
    "header",
    [
        b'filename="' + b'\xe9\\"' * 20_000,
        b'filename="' + b'" ' * 30_000,
        b'filename="' + b"\\" * 60_000,
        b";a=" * 20_000,
        b'filename="=?utf-8?Q?' + b"=c3=a9" * 10_000 + b'?="',
        b"filename*99999999999999999999=a",
        b"; ".join(b'x%d="\xe9"' % number for number in range(20_000)),
        b'filename="' + b" ".join(b"=?utf-%d?Q?=e9?=" % number for number in range(1_000)) + b'"',
        b"filename*=a\0b''x",
    ],
)
def test_no_header_takes_long(header: bytes) -> None:
    started = time.process_time()

    assert parameters_of(HEAD + header)["name"] == "file"

    assert time.process_time() - started < 2
