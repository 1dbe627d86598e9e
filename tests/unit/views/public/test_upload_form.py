from __future__ import annotations

import pytest

from upscaler.engine.options import FACTORS, OPTIONS, PRESETS
from upscaler.views.public.upload_form import upload_options


def test_it_offers_each_option_of_the_page_with_its_values(site):
    controls = upload_options("photo", FACTORS)
    assert list(controls) == [name for name, option in OPTIONS.items() if option.on_page]
    assert tuple(value for value, _ in controls["preset"].choices) == PRESETS
    assert controls["preset"].value == "photo"
    assert [value for value, _ in controls["detail"].choices] == ["", "0", "50", "100"]
    assert controls["quality"].allowed == range(1, 101)


@pytest.mark.parametrize(
    ("offered", "first"), [(FACTORS, "2x"), (["4x", "8x"], "4x"), (["2x"], "2x"), (["3x", "2x"], "2x")]
)
def test_it_offers_the_factors_of_the_service(site, offered, first):
    factor = upload_options("standard", offered)["factor"]
    assert {value for value, _ in factor.choices} == set(offered)
    assert factor.value == first
