"""Forms as browsers and programs of every age send them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.unit.views.api.conftest import Program, small_png
from upscaler.models import Job

BOUNDARY = "----x"
JobOf = Callable[..., Job]


def form(*parts: tuple[bytes, bytes]) -> bytes:
    """Return a body of parts: the parameters of their headers, and their content."""
    return (
        b"".join(
            b"--"
            + BOUNDARY.encode()
            + b"\r\nContent-Disposition: form-data; "
            + header
            + b"\r\n\r\n"
            + content
            + b"\r\n"
            for header, content in (*parts, (b'name="factor"', b"2x"))
        )
        + f"--{BOUNDARY}--\r\n".encode()
    )


def send(program: Program, body: bytes, path: str = "/uploads") -> TestResponse:
    return program.post(path, data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('name="file"; filename="Füße.png"'.encode(), "Füße.png"),
        ('name="file"; filename="café.png"'.encode("latin-1"), "café.png"),
        (b"name=file; filename=a.png; filename*=utf-8''caf%C3%A9.png", "café.png"),
        (b'name="file"; filename="=?utf-8?B?Y2Fmw6kucG5n?="', "café.png"),
        (b'name="file"; filename="C:\\Users\\me\\d.png"', "d.png"),
        (b'name="file"; filename="album/2024/d.png"', "d.png"),
        (b'name="file"; filename="a\\"b.png"', 'a"b.png'),
        (b'name="file"; filename="a%22b%20c.png"', 'a"b%20c.png'),
        (b'name="file"; filename="new%0D%0Aline.png"', "newline.png"),
        (b'name="file";\r\n filename="folded.png"', "folded.png"),
        (b'name="file"; filename=""', "image"),
        (b'name="file"', "image"),
        (b'name="file"\r\nContent-Type: image/png; name="\xe9"', "image"),
    ],
)
def test_the_file_arrives_with_its_name(visitor: Program, job_of: JobOf, header: bytes, name: str) -> None:
    job = job_of(send(visitor, form((header, small_png()))))

    assert job.upload.original_filename == name
    assert job.upload.size_bytes == len(small_png())


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(b'name="file"; filename=""', b"")], "missing_file"),
        ([(b'name="file"', b"")], "missing_file"),
        ([(b'filename="a.png"', b"x")], "unknown_parameter"),
        ([(b'name="\xe9"', b"x")], "unknown_parameter"),
    ],
)
def test_a_form_without_an_image_is_refused(
    visitor: Program, parts: list[tuple[bytes, bytes]], code: str
) -> None:
    answer = send(visitor, form(*parts))

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_a_folder_comes_without_what_its_system_keeps_there(visitor: Program) -> None:
    names = [
        b"album/a.png",
        b"album/Thumbs.db",
        b"album/.DS_Store",
        b"album/@eaDir/a.png/thumb.jpg",
        b"b.png",
    ]

    answer = send(
        visitor,
        form(*((b'name="file"; filename="' + name + b'"', small_png()) for name in names)),
        "/batches",
    )

    assert answer.status_code == 202
    assert [item["filename"] for item in answer.get_json()["items"]] == ["a.png", "b.png"]


def test_a_long_field_is_refused(visitor: Program) -> None:
    answer = send(
        visitor, form((b'name="preset"', b"x" * 600_000), (b'name="file"; filename="a.png"', small_png()))
    )

    assert (answer.status_code, answer.get_json()["code"]) == (413, "form_too_large")


@given(
    header=st.binary(max_size=80)
    | st.lists(
        st.sampled_from([b'"', b"\\", b";", b"=", b"*", b"'", b"%", b"name", b"filename", b"\xe9", b" "])
    ).map(b"".join),
    cut=st.integers(0, 60),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_header_is_an_error_of_the_server(visitor: Program, header: bytes, cut: int) -> None:
    body = form((b'name="preset"; ' + header, b"art"), (header, b"x"))

    assert send(visitor, body[: len(body) - cut]).status_code in {400, 413, 415, 422}
