from __future__ import annotations

import re
from collections.abc import Iterator

from config import ROOT
from upscaler.engine.option_kinds import Choice, Flag, Option, WholeNumber
from upscaler.engine.options import OPTIONS
from upscaler.errors import UpscalerError


def tree(kind: type[UpscalerError]) -> Iterator[type[UpscalerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def test_every_error_code_stands_in_the_reference_with_its_status() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", reference, re.MULTILINE))

    assert documented == {(kind.code, str(kind.status)) for kind in tree(UpscalerError)}


def values_of(option: Option) -> str:
    """Return the second column of an option's row."""
    kind = option.kind
    if isinstance(kind, Choice):
        return ", ".join(f"`{value}`" for value in (*kind.labels, *kind.special))
    if isinstance(kind, Flag):
        return "`true`, `false`"
    if isinstance(kind, WholeNumber):
        return f"{kind.allowed.start} to {kind.allowed.stop - 1} {kind.unit}".strip()
    return "a name"


def test_every_option_stands_in_the_reference_with_its_values_and_default() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    section = reference.partition("\n## Upload an image\n")[2].partition("\n## ")[0]
    rows = {
        name: (values, note)
        for name, values, note in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, re.MULTILINE)
    }

    assert {name: rows[name][0] for name in OPTIONS if name in rows} == {
        name: values_of(option) for name, option in OPTIONS.items()
    }
    for name, option in OPTIONS.items():
        if not option.optional:
            default = str(option.default).lower() if isinstance(option.default, bool) else option.default
            wanted = "required" if option.required else f"`{default}`"
            assert wanted in rows[name][1], name


def test_the_options_of_quotes_and_previews_stand_in_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    [quote] = re.findall(r"^\| `GET /api/v1/quote` .*$", reference, re.MULTILINE)
    previews = reference.partition("POST /api/v1/previews")[2].partition("\n## ")[0]

    for name, option in OPTIONS.items():
        assert (f"`{name}`" in quote) is not option.in_quote, name
        assert (
            re.search(rf"^\| .*`{name}`.* \|", previews, re.MULTILINE) is not None
        ) is option.in_preview, name
