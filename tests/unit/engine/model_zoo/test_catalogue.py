from __future__ import annotations

import pytest

from upscaler.engine.model_zoo.catalogue import (
    CUGAN,
    CUNET,
    MODELS,
    UPCONV7,
    Model,
    read_catalogue,
    stand_ins_of,
)
from upscaler.engine.model_zoo.recipes import scale_of


def test_it_holds_every_model_of_the_packages() -> None:
    by_type = [model.type for model in MODELS.values()]

    assert len(MODELS) == 41
    # The compact models share their weights, those of one waifu2x or Real-CUGAN family their layers, SRMD's of one
    # scale both.
    assert len({model.bin_sha256 for model in MODELS.values()}) == 3 + 1 + 19 + 2 + 2 + 8
    assert len({model.param_sha256 for model in MODELS.values()}) == 6 + 3 + 2 + 2 + 2
    assert by_type.count("esrgan") == 6
    # Two upconv_7 families and cunet at 2x with five noise levels (none included), cunet at 1x with four.
    assert by_type.count("waifu2x") == 3 * 5 + 4
    assert by_type.count("srmd") == 2 * 3
    assert by_type.count("span") == 2
    # Real-CUGAN at 2x with three noise levels, at 4x with one; at both without removal and conservative.
    assert by_type.count("realcugan") == 5 + 3


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_its_facts_fit_together(model: Model) -> None:
    assert model.overlap >= model.border
    assert model.minimum_side > 2 * model.border
    assert model.minimum_side % model.multiple == 0
    assert len(model.param_sha256) == len(model.bin_sha256) == 64
    assert (model.border > 0) == (model.architecture in (UPCONV7, CUNET, CUGAN))
    assert model.licence in ("Apache-2.0", "BSD-3-Clause", "MIT")


def test_a_family_shares_its_fields_and_a_model_may_give_its_own() -> None:
    text = """
        [[family]]
        type = "esrgan"
        architecture = "rrdb"
        scale = 4
        licence = "MIT"
        source = "https://example.org"
        param_sha256 = "a"
        bin_sha256 = "b"
        border = 0
        minimum_side = 1
        overlap = 24
        seconds_per_megapixel = 1.0
        note = "Shared."
        [[family.model]]
        name = "one"
        files.package = "models/one"
        [[family.model]]
        name = "two"
        note = "Own."
        files.package = "models/two"
    """

    models = read_catalogue(text)

    assert [(model.name, model.note) for model in models.values()] == [("one", "Shared."), ("two", "Own.")]
    assert models["two"].files == {"package": "models/two"}


def test_no_two_models_have_the_same_files_and_maps() -> None:
    known = {(model.param_sha256, model.bin_sha256, model.maps) for model in MODELS.values()}

    assert len(known) == len(MODELS)


@pytest.mark.parametrize(
    "model", [model for model in MODELS.values() if model.stand_in], ids=lambda model: model.name
)
def test_a_stand_in_takes_the_place_of_its_model(model: Model) -> None:
    stand_in = stand_ins_of(model)

    assert scale_of(stand_in) == model.scale
    assert not any(other.stand_in for other in stand_in)
