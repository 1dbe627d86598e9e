from __future__ import annotations

from typing import Any

import pytest

from upscaler.cli.arguments import build_parser, conflicts, options_of
from upscaler.cli.values import parse
from upscaler.engine.options import OPTIONS, UpscaleOptions


def options(*arguments: str) -> UpscaleOptions:
    return options_of(parse(build_parser(), ["a.jpg", *arguments], conflicts))


def test_without_arguments_it_makes_four_times_a_photo() -> None:
    assert options() == UpscaleOptions("4x", "photo")


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["--factor", "2x", "--preset", "art"], {"factor": "2x", "preset": "art"}),
        (["--width", "640"], {"factor": "fit", "target_width": 640}),
        (["--height", "99", "--width", "5"], {"factor": "fit", "target_width": 5, "target_height": 99}),
        (["--denoise", "low", "--sharpen", "high"], {"denoise": "low", "sharpen": "high"}),
        (["--detail", "0", "--quality", "100"], {"detail": 0, "quality": 100}),
        (["--refine-faces", "--no-match-colours"], {"refine_faces": True, "match_colours": False}),
        (["--keep-metadata", "all", "--model", "mine"], {"keep_metadata": "all", "model": "mine"}),
        (["--format", "avif"], {"output_format": "avif"}),
        (["-o", "b.WEBP"], {"output_format": "webp"}),
        (["-o", "b.tif", "--format", "tiff"], {"output_format": "tiff"}),
        (["-o", "results"], {}),
    ],
)
def test_arguments_stand_for_options(arguments: list[str], chosen: dict[str, Any]) -> None:
    assert options(*arguments) == UpscaleOptions(**{"factor": "4x", "preset": "photo", **chosen})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (["--factor", "fit"], "invalid choice: 'fit'"),
        (["--quality", "0"], "argument --quality: must be 1-100"),
        (["--detail", "half"], "argument --detail: must be 0-100"),
        (["--width", "0"], "argument --width: must be 1-1000000"),
        (["--keep-metadata", "true"], "invalid choice: 'true'"),
        (["--engine", "ncn"], "argument --engine: invalid choice: 'ncn' (choose from auto, "),
        (["--threads", "0"], "argument --threads: must be 1-256"),
        (["--model", "../etc"], "argument --model: invalid name: '../etc'"),
        (["--factor", "2x", "--width", "20"], "--factor: not allowed with arguments --width and --height"),
        (["--detail", "0", "--model", "mine"], "argument --detail: not allowed with argument --model"),
        (["--server", "http://a", "--tile", "64"], "--tile is the server's own choice"),
    ],
)
def test_other_values_are_refused_in_one_line(
    wrong: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options(*wrong)
    assert reason in capsys.readouterr().err.splitlines()[-1]


def test_one_message_names_all_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options("--factor", "5x", "--quality", "0", "--tile", "big", "--height", "9", "--colour")

    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].partition("error: ")[2].split("; ") == [
        "argument --factor: invalid choice: '5x' (choose from 2x, 3x, 4x, 8x)",
        "argument --quality: must be 1-100",
        "argument --tile: must be 1-4096",
        "unrecognized arguments: --colour",
        "argument --factor: not allowed with arguments --width and --height",
    ]


def test_every_option_has_an_argument_with_its_help() -> None:
    shown = " ".join(build_parser().format_help().split())
    for option in OPTIONS.values():
        assert option.help in shown, option.name
