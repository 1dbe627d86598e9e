from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.cli.plan import PlannedImage, plan
from upscaler.engine.options import UpscaleOptions

TWICE = UpscaleOptions("2x")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def test_a_result_lies_beside_its_image_and_is_named_for_factor_and_format(images: Path) -> None:
    options = UpscaleOptions("fit", target_width=5, output_format="jpeg")
    assert plan([images / "b.png"], None, options) == [PlannedImage(images / "b.png", images / "b-fit.jpg")]


def test_a_folder_gives_its_images_by_name(images: Path) -> None:
    planned = plan([images], images / "out", TWICE)
    assert [(one.source.name, one.target) for one in planned] == [
        ("a.JPG", images / "out" / "a-2x.png"),
        ("b.png", images / "out" / "b-2x.png"),
    ]


@pytest.mark.parametrize(
    ("inputs", "output", "reason"),
    [
        (["missing.png"], None, "does not exist"),
        (["b.png", "a.JPG"], "out.png", "must be a folder"),
        (["b.png"], "b.png", "is an input"),
        (["b.png", "."], "out", "would both become"),
        (["folder.png"], None, "no images"),
    ],
)
def test_impossible_plans_are_refused(
    images: Path, inputs: list[str], output: str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        plan([images / name for name in inputs], images / output if output else None, TWICE)


def test_a_result_that_exists_stays_unless_it_may_be_replaced(images: Path) -> None:
    planned = PlannedImage(images / "b.png", images / "new" / "b.png")
    planned.prepare(overwrite=False)
    assert planned.target.parent.is_dir()
    planned.target.touch()
    with pytest.raises(FileExistsError, match="--overwrite"):
        planned.prepare(overwrite=False)
    planned.prepare(overwrite=True)
