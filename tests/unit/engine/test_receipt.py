from __future__ import annotations

import json

import numpy as np

from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.receipt import RECEIPT_VERSION, WhatRan, build_receipt, describe_model

MODEL = MODELS["waifu2x-upconv7-photo"]


def test_a_model_is_identified_by_the_hashes_of_its_weights() -> None:
    described = describe_model(MODEL)

    assert described["name"] == MODEL.name
    assert described["scale"] == 2
    assert (described["param_sha256"], described["bin_sha256"]) == (MODEL.param_sha256, MODEL.bin_sha256)


def test_notes_are_sorted_into_kept_and_changed_and_times_are_rounded() -> None:
    image = DecodedImage(
        np.zeros((2, 3, 3), np.uint8),
        None,
        gray=False,
        gray_layout=False,
        profile=None,
        dpi=None,
        source={"format": "png"},
        notes=[Note("orientation_applied", {"orientation": 6}), Note("transparency_kept")],
    )

    receipt = build_receipt(
        image,
        UpscaleOptions("2x"),
        ran=WhatRan("twice", [MODEL], {"engine": "ncnn"}),
        check={},
        output={"format": "png"},
        seconds={"decode": 0.12345},
        extra={"resumed_tiles": 4},
    )

    assert json.loads(json.dumps(receipt)) == receipt
    assert receipt["version"] == RECEIPT_VERSION
    assert receipt["input"] == {"format": "png"}
    assert receipt["options"]["factor"] == "2x"
    assert receipt["backend"] == {"engine": "ncnn"}
    assert (receipt["model"], [model["name"] for model in receipt["models"]]) == ("twice", [MODEL.name])
    assert receipt["seconds"] == {"decode": 0.123}
    assert [note["code"] for note in receipt["kept"]] == ["transparency_kept"]
    assert [note["code"] for note in receipt["changed"]] == ["orientation_applied"]
    assert receipt["resumed_tiles"] == 4
