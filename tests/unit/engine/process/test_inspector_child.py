from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from upscaler.engine.imaging.inspection import InspectionLimits, inspect_image
from upscaler.engine.imaging.opening import ImageInfo
from upscaler.engine.process.inspector_child import serve
from upscaler.engine.process.protocol import Message, decode_message, encode_message, error_from_message
from upscaler.errors import CropOutside, DamagedImage, SideTooLong, UnsupportedImage


def answers_to(*requests: Message, allowed: list[float] | None = None) -> list[Message]:
    """Return what a child whose input ends after the requests sends; ``allowed`` gets its limits of processor time."""
    answers = io.BytesIO()
    sent = io.BytesIO(b"".join(encode_message(request) for request in requests))
    # The limit of this process is nobody's business.
    serve(sent, answers, (allowed if allowed is not None else []).append)
    return [decode_message(line) for line in answers.getvalue().splitlines()]


def request(path: Path, limits: InspectionLimits, filename: str | None = None, **cut: Any) -> Message:
    return {"path": str(path), "limits": asdict(limits), "filename": filename, "cut": cut or None}


def test_the_processor_time_grows_with_the_pixels_once_they_are_known(
    limits: InspectionLimits, save: Any, colours: Any
) -> None:
    allowed: list[float] = []
    good = save("a.png", colours(300, 200))
    text = good.with_name("c.png")
    text.write_bytes(b"no image")
    answers_to(request(good, limits), request(text, limits), allowed=allowed)
    assert allowed == [5.0, pytest.approx(5.0 + 0.1 * 0.06), 5.0]


def test_it_is_ready_and_ends_with_its_input() -> None:
    assert answers_to() == [{"ready": True}]


def test_each_request_has_one_answer_and_a_refusal_does_not_end_it(
    limits: InspectionLimits, save: Any, colours: Any
) -> None:
    good = save("a.png", colours(30, 20))
    broken = good.with_name("b.png")
    broken.write_bytes(good.read_bytes()[:-30])
    text = good.with_name("c.png")
    text.write_bytes(b"no image")
    small = InspectionLimits(limits.allowed_mimes, max_side=25, max_pixels=10**6)

    _, *answers = answers_to(
        request(good, small),
        request(broken, limits),
        request(text, limits),
        request(good, limits, "a.png"),
    )

    assert [type(error_from_message(found["error"])) for found in answers[:-1]] == [
        SideTooLong,
        DamagedImage,
        UnsupportedImage,
    ]
    assert ImageInfo(**answers[-1]["result"]) == inspect_image(good, limits, "a.png")


@pytest.mark.parametrize("left", [4, 25])
def test_a_crop_is_cut_where_it_lies_within_the_image(
    limits: InspectionLimits, save: Any, colours: Any, tmp_path: Path, left: int
) -> None:
    pixels, target = colours(30, 20), tmp_path / "crop.tiff"
    crop = {"width": 10, "height": 5, "left": left, "top": 2}

    _, found = answers_to(request(save("a.png", pixels), limits, crop=crop, target=str(target)))

    if left == 4:
        with Image.open(target) as image:
            assert image.tobytes() == pixels[2:7, 4:14].tobytes()
    else:
        assert type(error_from_message(found["error"])) is CropOutside
        assert not target.exists()
