"""A row in one table is all that a new option, preset, format or backend takes: made-up ones reach every place.

The rows are added to a copy of the code, which runs in a process of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.changed_copy import ChangedCopy

OPTION = """    grain: Annotated[
        str,
        Option(
            Choice({"fine": N_("Fine grain"), "coarse": N_("Coarse grain")}),
            N_("Film grain"),
            "grain of the result",
        ),
    ] = "fine"

"""
PRESET = """            Preset(
                name="sketch",
                label=N_("Sketch"),
                description=N_("Pencil on paper"),
                perceptual="realesrgan-x4plus-anime",
                cells=_photographs(_CUNET_2X, 100),
                note="Keeps thin strokes.",
            ),
"""
READER = """PPM = ImageFormat(
    name="ppm",
    label="Portable pixmap",
    mime_type="image/x-portable-pixmap",
    extensions=("ppm",),
    reader=Reader("PIL.PpmImagePlugin:PpmImageFile"),
    shown_in_browsers=False,
    signatures=(((0, b"P6"),),),
)

"""
WRITER = """    writer=Writer("gifsave"),
    max_side=65535,
"""
BACKEND = '''"""A made-up backend."""

from upscaler.engine.backends.base import Registration
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.model_zoo.custom_model import FILES


class MirrorBackend(LanczosBackend):
    name = "mirror"


REGISTRATION = Registration(
    candidates=lambda settings: [MirrorBackend(settings)], custom_kinds=frozenset(FILES)
)
'''


@pytest.fixture
def copy(tmp_path: Path) -> ChangedCopy:
    return ChangedCopy(tmp_path)


def test_an_option_is_one_row(copy: ChangedCopy) -> None:
    copy.insert("upscaler/engine/options.py", "    def __post_init__", OPTION)

    seen = copy.run("tests.support.option_walk", "grain", "coarse")

    assert seen["code"] == str(copy.folder)
    assert seen["validation"] == "coarse"
    assert seen["refusal"].endswith("Use one of: fine, coarse.")
    assert seen["description"] == {
        "type": "string",
        "enum": ["fine", "coarse"],
        "default": "fine",
        "description": "grain of the result",
    }
    assert seen["command_line"] == "coarse"
    assert "--grain {fine,coarse} grain of the result (default: fine)" in seen["help"]
    assert "Film grain" in seen["page"]
    assert '<option value="coarse" >Coarse grain</option>' in seen["page"]
    assert seen["params"]["grain"] == "coarse"
    assert seen["receipt"]["options"]["grain"] == "coarse"


def test_a_preset_is_one_row(copy: ChangedCopy) -> None:
    copy.insert("upscaler/engine/presets.py", '            Preset(\n                name="face"', PRESET)

    seen = copy.run("tests.support.option_walk", "preset", "sketch")

    assert seen["validation"] == "sketch"
    assert seen["refusal"].endswith("Use one of: standard, photo, art, sketch, face.")
    assert "sketch" in seen["description"]["enum"]
    assert seen["command_line"] == "sketch"
    assert "--preset {standard,photo,art,sketch,face}" in seen["help"]
    assert "Pencil on paper" in seen["list_presets"]
    assert '<span class="choice__label">Sketch</span>' in seen["page"]
    assert '<span class="choice__description">Pencil on paper</span>' in seen["page"]
    [listed] = [preset for preset in seen["presets"] if preset["name"] == "sketch"]
    assert (listed["label"], listed["description"]) == ("Sketch", "Pencil on paper")
    assert {choice["factor"] for choice in listed["choices"]} == {"2x", "3x", "4x", "8x"}
    assert seen["params"]["preset"] == "sketch"
    assert seen["receipt"]["options"]["preset"] == "sketch"
    assert "waifu2x-cunet" in {name for choice in listed["choices"] for name in choice["models"]}


def test_a_format_in_or_out_is_one_row(copy: ChangedCopy) -> None:
    table = "upscaler/engine/imaging/formats.py"
    copy.insert(table, "FORMATS = checked((", READER)
    copy.insert(table, "BMP))", "PPM, ")
    copy.insert(table, ")\nBMP = ImageFormat(", WRITER)

    seen = copy.run("tests.support.option_walk", "output_format", "gif", "ppm")

    assert "image/x-portable-pixmap" in seen["page"]
    assert "Portable pixmap" in seen["file"]
    assert seen["receipt"]["input"]["format"] == "ppm"
    assert seen["validation"] == "gif"
    assert seen["refusal"].endswith("Use one of: jpeg, png, webp, tiff, avif, gif.")
    assert "gif" in seen["description"]["enum"]
    assert seen["command_line"] == "gif"
    assert "--format {jpeg,png,webp,tiff,avif,gif}" in seen["help"]
    assert '<option value="gif" >GIF</option>' in seen["page"]
    assert seen["params"]["output_format"] == "gif"
    assert seen["receipt"]["output"]["format"] == "gif"


def test_a_backend_is_one_module_and_its_row(copy: ChangedCopy) -> None:
    copy.add("upscaler/engine/backends/mirror.py", BACKEND)
    row = '    "mirror": "upscaler.engine.backends.mirror",\n'
    copy.insert("upscaler/engine/backends/registry.py", '    "lanczos": ', row)

    seen = copy.run("tests.support.backend_walk", "mirror")

    assert seen["setting"] == "mirror"
    assert "mirror" in seen["refusal"]
    assert "ncnn-py,mirror,lanczos}" in seen["help"]
    assert seen["command_line"] == [0, 16, 16]
    assert seen["receipt"]["backend"]["engine"] == "mirror"
