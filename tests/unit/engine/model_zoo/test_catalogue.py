from __future__ import annotations

import pytest

from upscaler.engine.model_zoo.catalogue import CUNET, MODELS, UPCONV7, Model


def test_it_holds_every_network_of_both_packages() -> None:
    by_type = [model.type for model in MODELS.values()]

    assert by_type.count("esrgan") == 5
    # Two upconv_7 families and cunet at 2x with five noise levels (none included), cunet at 1x with four.
    assert by_type.count("waifu2x") == 3 * 5 + 4
    assert by_type.count("srmd") == 2 * 3


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_its_facts_fit_together(model: Model) -> None:
    assert model.overlap >= model.border
    assert model.minimum_side > 2 * model.border
    assert model.minimum_side % model.multiple == 0
    assert len(model.param_sha256) == len(model.bin_sha256) == 64
    assert (model.border > 0) == (model.architecture in (UPCONV7, CUNET))
    assert model.licence in ("BSD-3-Clause", "MIT")


def test_no_two_networks_have_the_same_files_and_maps() -> None:
    known = {(model.param_sha256, model.bin_sha256, model.maps) for model in MODELS.values()}

    assert len(known) == len(MODELS)
