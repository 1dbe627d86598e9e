from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.cli.inputs import Source
from upscaler.cli.output import Output
from upscaler.cli.plan import PlannedImage, plan, without_results
from upscaler.engine.options import UpscaleOptions

TWICE = UpscaleOptions("2x")
IN = Path("in")


def targets(names: list[str], output: Output = Output(), options: UpscaleOptions = TWICE) -> list[str]:  # noqa: B008
    planned = plan([Source(IN / name, IN) for name in names], output, options)
    assert [image.source.path for image in planned] == [IN / name for name in names]
    return [str(image.target) for image in planned]


def test_a_result_lies_beside_its_image_and_is_named_for_factor_and_format() -> None:
    options = UpscaleOptions("fit", target_width=5, output_format="jpeg")

    assert targets(["b.png", "Mr. Smith", "x/c.JPG"], options=options) == [
        "in/b-fit.jpg",
        "in/Mr. Smith-fit.jpg",
        "in/x/c-fit.jpg",
    ]


def test_a_folder_of_results_has_the_folders_of_the_images() -> None:
    assert targets(["a.png", "x/y/a.png"], Output(folder=Path("out"))) == ["out/a-2x.png", "out/x/y/a-2x.png"]
    assert plan([Source(Path("x/a.png"))], Output(folder=Path("out")), TWICE) == [
        PlannedImage(Source(Path("x/a.png")), Path("out/a-2x.png"))
    ]


@pytest.mark.parametrize(
    ("names", "results"),
    [
        (["a.jpg", "a.png", "b.png"], ["in/a.jpg-2x.png", "in/a.png-2x.png", "in/b-2x.png"]),
        # Some file systems see no difference here.
        (["A.png", "a.jpg"], ["in/A.png-2x.png", "in/a.jpg-2x.png"]),
        (["A.png", "a.png"], ["in/A.png-2x.png", "in/a.png-2x-2.png"]),
        (["e\u0301.png", "\u00e9.png"], ["in/e\u0301.png-2x.png", "in/\u00e9.png-2x-2.png"]),
        (["a.jpg", "a.jpg.png", "a.png"], ["in/a.jpg-2x.png", "in/a.jpg-2x-2.png", "in/a.png-2x.png"]),
    ],
)
def test_no_two_results_have_one_name(names: list[str], results: list[str]) -> None:
    assert targets(names) == results


def test_images_of_one_name_from_several_folders_get_numbers() -> None:
    sources = [Source(Path(folder, "a.png"), Path(folder)) for folder in ("x", "y")]

    planned = plan(sources, Output(folder=Path("out")), TWICE)

    assert [str(image.target) for image in planned] == ["out/a.png-2x.png", "out/a.png-2x-2.png"]


def test_a_long_name_leaves_room_for_what_is_added() -> None:
    [target] = targets(["あ" * 83 + ".png"])
    assert Path(target).name == "あ" * 80 + "-2x.png"
    [target] = targets(["\udce9" * 250 + ".png"])
    assert len(Path(target).name.encode("utf-8", "surrogateescape")) == 247


def test_one_file_and_standard_streams() -> None:
    source = Source(Path("a.png"))
    stdin = Source(Path("-"), is_standard=True)

    assert plan([source], Output(file=Path("b.png")), TWICE) == [PlannedImage(source, Path("b.png"))]
    assert plan([stdin], Output(is_standard=True), TWICE) == [PlannedImage(stdin, None)]
    assert plan([stdin], Output(folder=Path("out")), TWICE)[0].target == Path("out/stdin-2x.png")


def test_results_of_an_earlier_run_are_no_images_of_their_folder() -> None:
    names = ["a.jpg", "a.png", "a.jpg-4x.png", "a-2x.png", "a-fit-2.png", "b-2x.png", "c.png", "x/c-2x.png"]
    sources = [Source(IN / name, IN) for name in names]

    kept, results = without_results(sources, Output())

    assert [str(source.path.relative_to(IN)) for source in kept] == [
        "a.jpg",
        "a.png",
        "b-2x.png",
        "c.png",
        "x/c-2x.png",
    ]
    assert [source.path.name for source in results] == ["a.jpg-4x.png", "a-2x.png", "a-fit-2.png"]
    assert without_results(sources, Output(folder=IN))[1] == results
    assert without_results(sources, Output(folder=Path("out"))) == (sources, [])


def test_a_result_that_was_named_itself_is_an_image() -> None:
    sources = [Source(Path("a.png")), Source(Path("a-2x.png"))]

    assert without_results(sources, Output()) == (sources, [])
