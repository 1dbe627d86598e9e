from __future__ import annotations

import pytest
from PIL import Image

from upscaler.engine.imaging.formats import format_named
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.progress import Progress
from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.job import DECODED
from upscaler.errors import ResultTooLarge, UnknownModel, UnsupportedImage


def test_image_recipe_and_size_of_the_result_are_known_then(job, save, colours):
    heard: list[float] = []
    one = job(
        save("a.png", colours(7, 5)), UpscaleOptions("fit", target_width=20), progress=Progress(heard.append)
    )

    decode_image(one)

    assert one.image.size == (7, 5)
    assert one.result_size == (20, 14)
    assert one.recipe.scale >= 3
    assert heard == [DECODED]


@pytest.mark.parametrize(
    ("on_processor", "model"), [(True, "realesrgan-x4plus-fitted"), (False, "realesrgan-x4plus")]
)
def test_the_device_decides_which_model_photographs_get(job, save, colours, monkeypatch, on_processor, model):
    one = job(save("a.png", colours(7, 5)), UpscaleOptions("4x", "photo"))
    monkeypatch.setattr(type(one.upscaler), "on_processor", lambda *_: on_processor)

    decode_image(one)

    assert one.recipe.chain == (model,)


def test_a_result_that_the_format_cannot_hold_is_refused(job, save):
    one = job(save("a.png", Image.new("RGB", (8200, 1))), kind=format_named("webp"))

    with pytest.raises(ResultTooLarge):
        decode_image(one)


def test_a_model_that_is_not_there_is_refused(job, save, colours):
    with pytest.raises(UnknownModel):
        decode_image(job(save("a.png", colours(4, 4)), UpscaleOptions("2x", model="absent")))


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("a.jpg", [Note("name_mismatch", {"named": "JPEG", "format": "PNG"})]),
        ("a.PNG", []),
        ("a.exe", []),
        ("Mr. Smith", []),
    ],
)
def test_a_name_of_another_format_is_noted(job, save, colours, name, notes):
    path = save("a.png", colours(4, 4))
    one = job(path.rename(path.with_name(name)))

    decode_image(one)

    assert one.image.notes == notes


def test_a_raw_image_of_a_camera_is_refused(job, save, colours):
    path = save("a.tiff", colours(4, 4))

    with pytest.raises(UnsupportedImage, match="raw image"):
        decode_image(job(path.rename(path.with_name("a.NEF"))))
