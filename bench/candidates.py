"""Candidates for the cells of the preset table: recipes by name."""

from __future__ import annotations

from collections.abc import Mapping

from upscaler.engine.model_zoo.recipes import Recipe

_PHOTO, _CUNET, _CLEANED = "waifu2x-upconv7-photo", "waifu2x-cunet", "waifu2x-cunet-1x-n1"
_X4PLUS, _ANIME = "realesrgan-x4plus", "realesrgan-x4plus-anime"


def _recipe(*chain: str, beside: tuple[str, ...] = (), share: float = 0.5) -> Recipe:
    return Recipe("candidate", chain, blend_with=beside, blend=share if beside else 0.0)


_AT_2X: Mapping[str, Recipe | None] = {
    "Lanczos": None,
    "upconv7": _recipe(_PHOTO),
    "upconv7 n1": _recipe(f"{_PHOTO}-n1"),
    "SPAN": _recipe("span-x2"),
    "cunet 1x n1, SPAN": _recipe(_CLEANED, "span-x2"),
    "cunet": _recipe(_CUNET),
    "cunet n1": _recipe(f"{_CUNET}-n1"),
    "SPAN + upconv7": _recipe("span-x2", beside=(_PHOTO,)),
}
_AT_4X: Mapping[str, Recipe | None] = {
    "Lanczos": None,
    "upconv7 twice": _recipe(_PHOTO, _PHOTO),
    "upconv7 n1, upconv7": _recipe(f"{_PHOTO}-n1", _PHOTO),
    "SPAN": _recipe("span-x4"),
    "cunet 1x n1, SPAN": _recipe(_CLEANED, "span-x4"),
}
_PHOTO_4X: Mapping[str, Recipe | None] = {
    "x4plus": _recipe(_X4PLUS),
    "x4plus fitted": _recipe(f"{_X4PLUS}-fitted"),
    "cunet 1x n1, x4plus": _recipe(_CLEANED, _X4PLUS),
    "x4plus + upconv7 twice": _recipe(_X4PLUS, beside=(_PHOTO, _PHOTO)),
    "x4plus + SPAN": _recipe(_X4PLUS, beside=("span-x4",)),
    "x4plus + (cunet 1x n1, SPAN)": _recipe(_X4PLUS, beside=(_CLEANED, "span-x4")),
}
_ART_2X: Mapping[str, Recipe | None] = {
    "CUGAN 2x conservative": _recipe("realcugan-se-2x-conservative"),
    "CUGAN 2x": _recipe("realcugan-se-2x"),
    "CUGAN 2x n1": _recipe("realcugan-se-2x-n1"),
}
_ART_4X: Mapping[str, Recipe | None] = {
    "cunet twice": _recipe(_CUNET, _CUNET),
    "cunet n1, cunet": _recipe(f"{_CUNET}-n1", _CUNET),
    "x4plus-anime": _recipe(_ANIME),
    "cunet 1x n1, x4plus-anime": _recipe(_CLEANED, _ANIME),
    "x4plus-anime + SPAN": _recipe(_ANIME, beside=("span-x4",)),
    "x4plus-anime + (cunet 1x n1, SPAN)": _recipe(_ANIME, beside=(_CLEANED, "span-x4")),
    "x4plus-anime + (cunet n1, cunet)": _recipe(_ANIME, beside=(f"{_CUNET}-n1", _CUNET)),
    "CUGAN 4x conservative": _recipe("realcugan-se-4x-conservative"),
    "CUGAN 4x": _recipe("realcugan-se-4x"),
    "CUGAN 4x n3": _recipe("realcugan-se-4x-n3"),
}
SOURCES = (
    *("clean", "jpeg 75", "jpeg 90"),
    *("noise 5", "noise 15", "noise 30"),
    *("noise 5 jpeg 75", "noise 15 jpeg 75", "noise 30 jpeg 75"),
)
_LEVELS = {5: 1, 15: 2, 30: 3}


def strengths_of(source: str) -> Mapping[str, int]:
    """Return the strength of each mark that the name of a source tells."""
    words = source.split()
    return {} if source == "clean" else dict(zip(words[::2], map(int, words[1::2]), strict=True))


def candidates_for(kind: str, scale: int, source: str) -> Mapping[str, Recipe | None]:
    """Return the candidates for "photographs" or "drawings", a factor and a source."""
    noise = strengths_of(source).get("noise")
    if noise is not None:
        return _against_noise(kind, scale, noise)
    if kind == "photographs":
        return _AT_2X if scale == 2 else {**_AT_4X, **_PHOTO_4X}
    return {**_AT_2X, **_ART_2X} if scale == 2 else {**_AT_4X, **_ART_4X}


def _against_noise(kind: str, scale: int, sigma: int) -> Mapping[str, Recipe | None]:
    level, size = _LEVELS[sigma], 2 if scale == 2 else 4
    srmd, faithful = f"srmd-{size}x-s{sigma}", _PHOTO if kind == "photographs" else _CUNET
    waifu2x = (f"{faithful}-n{level}", *([faithful] if size == 4 else []))
    span = (f"waifu2x-cunet-1x-n{level}", f"span-x{size}")
    return {
        "Lanczos": None,
        f"waifu2x n{level}": _recipe(*waifu2x),
        f"cunet 1x n{level}, SPAN": _recipe(*span),
        f"SRMD s{sigma}": _recipe(srmd),
        f"SRMD s{sigma} + 25 % waifu2x n{level}": _recipe(srmd, beside=waifu2x, share=0.25),
        f"SRMD s{sigma} + waifu2x n{level}": _recipe(srmd, beside=waifu2x),
        f"SRMD s{sigma} + (cunet 1x n{level}, SPAN)": _recipe(srmd, beside=span),
    }
