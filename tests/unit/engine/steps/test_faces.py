from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.faces import restore_faces


def test_an_engine_without_models_does_no_better_on_faces(job, save):
    face = np.ascontiguousarray(data.astronaut()[20:210, 140:310])
    one = job(save("a.png", face), UpscaleOptions("2x", "standard", refine_faces=True))
    decode_image(one)

    restore_faces(one)

    assert one.faces.as_dict()["refined"] == 0
    assert one.image.notes[-1] == Note("faces_left_no_model", {"count": 1, "found": 1})


@pytest.mark.parametrize("wanted", [True, False])
def test_faces_are_looked_for_only_where_asked(job, save, colours, wanted):
    one = job(save("a.png", colours(40, 30)), UpscaleOptions("2x", refine_faces=wanted))
    decode_image(one)

    restore_faces(one)

    assert (one.faces is not None) is wanted
    assert (Note("faces_none_found") in one.image.notes) is wanted
