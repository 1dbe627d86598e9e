from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from upscaler.engine.faces.paste import Patch
from upscaler.engine.faces.report import BUNDLED, FACE_MODEL, Reason, Refinement
from upscaler.engine.notes import Note

PATCH = Patch(0, 0, np.zeros((2, 2, 3), np.uint8), np.eye(2, 3))


def test_faces_that_were_not_looked_for_are_not_counted() -> None:
    assert Refinement(searched=False).notes() == [Note("faces_not_searched")]
    assert Refinement().notes() == [Note("faces_none_found")]
    assert Refinement().overlay is None


@pytest.mark.parametrize(
    ("kind", "code"), [(FACE_MODEL, "faces_refined"), (BUNDLED, "faces_refined_bundled")]
)
def test_refined_and_left_faces_are_noted(kind: str, code: str) -> None:
    model = {"kind": kind, "name": "gfp"}
    report = Refinement(found=3, patches=[PATCH], model=model, left=Counter({Reason.LARGE: 2}))

    assert report.notes() == [
        Note(code, {"refined": 1, "found": 3, "model": "gfp"}),
        Note("faces_left_large", {"count": 2, "found": 3}),
    ]
    assert report.overlay is not None
    assert report.as_dict() == {
        "searched": True,
        "found": 3,
        "refined": 1,
        "model": model,
        "left": [{"count": 2, "reason": "faces_left_large"}],
    }


def test_a_model_that_refined_no_face_is_not_reported() -> None:
    left = Counter({Reason.NOT_THE_SAME: 1})
    report = Refinement(found=1, model={"kind": FACE_MODEL, "name": "gfp"}, left=left)

    assert report.as_dict()["model"] is None
    assert report.notes() == [Note("faces_left_different", {"count": 1, "found": 1})]
