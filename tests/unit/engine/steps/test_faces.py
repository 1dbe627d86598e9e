from __future__ import annotations

import pytest

from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.steps.decode import decode_image
from upscaler.engine.steps.faces import restore_faces


@pytest.mark.parametrize("wanted", [True, False])
def test_faces_are_looked_for_only_where_asked(job, save, colours, wanted):
    one = job(save("a.png", colours(40, 30)), UpscaleOptions("2x", refine_faces=wanted))
    decode_image(one)

    restore_faces(one)

    assert (one.faces is not None) is wanted
    assert (Note("faces_none_found") in one.image.notes) is wanted
