"""Text on its ground has the contrast of WCAG 2.2 AA in the light and in the dark theme."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[3] / "upscaler" / "static" / "shared" / "css" / "tokens.css"
TEXT = [
    ("--ink", "--paper"),
    ("--ink", "--surface"),
    ("--ink", "--sunken"),
    ("--ink-soft", "--paper"),
    ("--ink-soft", "--surface"),
    ("--ink-soft", "--sunken"),
    ("--ink-soft", "--accent-soft"),
    ("--accent", "--paper"),
    ("--accent", "--surface"),
    ("--accent", "--accent-soft"),
    ("--on-accent", "--accent"),
    ("--on-accent", "--accent-hover"),
    ("--danger", "--danger-soft"),
    ("--danger", "--paper"),
    ("--ok", "--ok-soft"),
    ("--info", "--info-soft"),
    ("--warn", "--warn-soft"),
]
EDGES = [
    ("--line-strong", "--paper"),
    ("--line-strong", "--surface"),
    ("--focus", "--paper"),
    ("--focus", "--surface"),
]


def themes() -> dict[str, dict[str, str]]:
    light, dark = TOKENS.read_text().split("@media (prefers-color-scheme: dark)")
    colours = re.compile(r"(--[\w-]+): (#[0-9a-f]{6});")
    first = dict(colours.findall(light))
    return {"light": first, "dark": {**first, **dict(colours.findall(dark))}}


def contrast(first: str, second: str) -> float:
    """The ratio that WCAG 2.2 defines, from relative luminances."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(theme, text, ground):
    colours = themes()[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_can_be_seen(theme, edge, ground):
    colours = themes()[theme]
    assert contrast(colours[edge], colours[ground]) >= 3
