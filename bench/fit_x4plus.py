"""Fit the convolutions that stand for blocks of x4plus, and write them with their provenance.

Each run of blocks that is left out becomes one convolution of 3 x 3, by ridge regression in closed form: from the
features that come to it in the pruned network to those behind the last of its blocks in the whole one. The change is
fitted, so that what the photographs do not determine stays as it is.

The photographs are those of Debian packages, each unpacked with ``dpkg -x`` into a folder of its name, and of
scikit-image: ``photographs.json`` lists them. It takes about 9 minutes of a processor.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image

from bench.marks import as_jpeg, with_noise
from upscaler.engine.backends.layer_graph import connect
from upscaler.engine.backends.openvino_library import ops, ov
from upscaler.engine.model_zoo import pruning
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.ncnn_graph import read_graph
from upscaler.engine.model_zoo.pruning import HALF_FLOATS, Run
from upscaler.engine.model_zoo.weights import find_weights

Pixels = NDArray[np.uint8]
Features = NDArray[np.float32]

PHOTOGRAPHS = Path(__file__).with_name("photographs.json")
TARGET = Path(pruning.__file__).with_name("realesrgan-x4plus-fitted.bin")
WHOLE = MODELS["realesrgan-x4plus"]
SCALE = 4
RUNS = (Run(3, 3), Run(7, 11))
_SEED = 16
_CROPS, _SIDE = 4, 72
# Photographs are reduced to at most so many pixels a side, and at least by half where they are not small already.
_LONGEST, _SHORT = 1280, 800
# Pixels at the border of a crop see zeros that an image does not have there.
_BORDER = 6
# The ridge, as a share of the mean square of the features.
_RIDGE = 1e-5
_CHANNELS = 64


def photographs(folder: Path, use: str) -> Iterator[tuple[str, Pixels]]:
    """Yield the name and the pixels, uint8 (H, W, 3), of the photographs for "fitting" or "judging".

    A name such as ``file@1000`` is that of an image that begins so many bytes behind the file's start.
    """
    for package in json.loads(PHOTOGRAPHS.read_text("utf-8")):
        root = (
            Path(skimage.__file__).parent if package["name"] == "scikit-image" else folder / package["name"]
        )
        for name in package[use]:
            path, _, offset = name.partition("@")
            content = (root / package["folder"] / path).read_bytes()[int(offset or 0) :]
            with Image.open(io.BytesIO(content)) as image:
                yield f"{package['name']} {name}", sharp(image.convert("RGB"))


def sharp(image: Image.Image) -> Pixels:
    """Return a photograph so much smaller that single pixels are sharp, its sides multiples of the scale."""
    longest = max(image.size)
    factor = 1.0 if longest <= _SHORT else max(2.0, longest / _LONGEST)
    width, height = (int(side / factor) // SCALE * SCALE for side in image.size)
    image = image.crop((0, 0, int(width * factor), int(height * factor)))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def reduced(truth: Pixels) -> Pixels:
    """Return the input whose upscaled image the truth is."""
    height, width = truth.shape[:2]
    return np.asarray(
        Image.fromarray(truth).resize((width // SCALE, height // SCALE), Image.Resampling.BICUBIC)
    )


def crops(folder: Path) -> Iterator[Pixels]:
    """Yield parts of the photographs for fitting: a half as they are, the others with noise, JPEG marks, or both."""
    chance = np.random.default_rng(_SEED)
    for _, truth in photographs(folder, "fitting"):
        small = reduced(truth)
        for number in range(_CROPS):
            side = [min(_SIDE, length) for length in small.shape[:2]]
            top, left = (int(chance.integers(0, small.shape[axis] - side[axis] + 1)) for axis in (0, 1))
            crop = small[top : top + side[0], left : left + side[1]]
            if number == 1:
                crop = with_noise(crop, chance.uniform(1, 4), chance)
            if number == 2 or (number == 1 and chance.random() < 0.5):
                crop = as_jpeg(np.ascontiguousarray(crop), int(chance.integers(60, 96)))
            yield np.ascontiguousarray(crop)


class Network:
    """Parts of the network, compiled in float32; ``blocks`` are counted from 0."""

    def __init__(self) -> None:
        files = find_weights(WHOLE)
        self._layers = read_graph(files.param, files.bin).layers
        self._core = ov.Core()

    def part(self, first: int | None, outputs: Sequence[int]) -> Callable[[Features], list[Features]]:
        """Return what runs from the image, or from what comes into a block, to what comes out of some blocks."""
        start = 0 if first is None else 3 + 43 * first
        entry = "data" if first is None else self._layers[start - 2].outputs[0]
        layers = self._layers[start : 45 + 43 * max(outputs)]
        if first is not None:
            # The Split in front hands its input out under several names.
            layers = [self._layers[start - 1], *layers]
        window = ops.parameter(ov.PartialShape([1, 3 if first is None else _CHANNELS, -1, -1]), np.float32)
        found = connect(ops, layers, entry, window)
        ends = [found[self._layers[44 + 43 * block].outputs[0]] for block in outputs]
        model = ov.Model([ops.result(end) for end in ends], [window], "part")
        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        request = self._core.compile_model(model, "CPU", options).create_infer_request()

        def run(planes: Features) -> list[Features]:
            request.infer([planes])
            return [np.array(request.get_output_tensor(number).data) for number in range(len(ends))]

        return run


class Regression:
    """The normal equations of a 3 x 3 convolution, summed over crops."""

    def __init__(self) -> None:
        self._rows = 9 * _CHANNELS + 1
        self._left: NDArray[np.float64] = np.zeros((self._rows, self._rows))
        self._right: NDArray[np.float64] = np.zeros((self._rows, _CHANNELS))

    def add(self, given: Features, wanted: Features) -> None:
        """Add a crop: both float32 (1, channels, H, W)."""
        planes, change = given[0], (wanted - given)[0]
        height, width = planes.shape[1:]
        inner = slice(_BORDER, -_BORDER)
        patches = [
            planes[:, _BORDER + dy : height - _BORDER + dy, _BORDER + dx : width - _BORDER + dx]
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
        ]
        rows = np.concatenate([*patches, np.ones_like(patches[0][:1])]).reshape(self._rows, -1)
        self._left += rows @ rows.T
        self._right += rows @ change[:, inner, inner].reshape(len(planes), -1).T

    def solve(self) -> tuple[Features, Features]:
        """Return the kernel, float32 (out, in, 3, 3), and the bias (out,)."""
        ridge = np.full(self._rows, _RIDGE * np.trace(self._left[:-1, :-1]) / (self._rows - 1))
        ridge[-1] = 0
        solution = np.linalg.solve(self._left + np.diag(ridge), self._right)
        channels = solution.shape[1]
        kernel = solution[:-1].reshape(3, 3, channels, channels).transpose(3, 2, 0, 1).copy()
        kernel[:, :, 1, 1] += np.eye(channels)
        return kernel.astype(np.float32), solution[-1].astype(np.float32)


def convolved(planes: Features, kernel: Features, bias: Features) -> Features:
    """Return the convolution of float32 (1, channels, H, W) with zeros around."""
    channels, height, width = planes.shape[1:]
    padded = np.pad(planes[0], ((0, 0), (1, 1), (1, 1)))
    result = np.repeat(bias[:, None], height * width, axis=1)
    for y in range(3):
        for x in range(3):
            shifted = padded[:, y : y + height, x : x + width].reshape(channels, -1)
            result += kernel[:, :, y, x] @ shifted
    return result.reshape(1, channels, height, width)


def record(kernel: Features, bias: Features) -> bytes:
    """Return a convolution as ncnn's ``.bin`` files keep it in half floats."""
    tag = np.array([HALF_FLOATS], "<u4").tobytes()
    return tag + kernel.astype("<f2").tobytes() + bias.astype("<f4").tobytes()


def fitted(folder: Path, runs: Sequence[Run]) -> tuple[bytes, list[float]]:
    """Return the convolutions for runs of blocks as a ``.bin`` file keeps them, fitted one after another.

    With them comes, for each, what it leaves of the blocks' change of the features, as a share of its square.
    """
    network = Network()
    whole = network.part(None, [runs[0].first - 1, *(run.last for run in runs)])
    known = [whole(planes_of(crop)) for crop in crops(folder)]
    # What comes to the next run in the pruned network.
    given = [features[0] for features in known]
    records, left = b"", []
    for number, run in enumerate(runs):
        wanted = [features[number + 1] for features in known]
        regression = Regression()
        for pair in zip(given, wanted, strict=True):
            regression.add(*pair)
        kernel, bias = regression.solve()
        records += record(kernel, bias)
        found = [convolved(planes, kernel, bias) for planes in given]
        left.append(round(_distance(found, wanted) / _distance(given, wanted), 3))
        if number + 1 < len(runs):
            between = network.part(run.last + 1, [runs[number + 1].first - 1])
            given = [between(planes)[0] for planes in found]
    return records, left


def planes_of(pixels: Pixels) -> Features:
    """Return an image as the network takes it, float32 (1, 3, H, W)."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)


def _distance(first: Sequence[Features], second: Sequence[Features]) -> float:
    return sum(float(((one - other) ** 2).sum()) for one, other in zip(first, second, strict=True))


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.fit_x4plus", description=__doc__)
    parser.add_argument("folder", type=Path, help="with the unpacked packages")
    parser.add_argument("--target", type=Path, default=TARGET, help="file of the convolutions (%(default)s)")
    parser.add_argument(
        "--held-out", type=Path, help="only write the other photographs as PNG into that folder"
    )
    chosen = parser.parse_args()
    if chosen.held_out:
        for name, pixels in photographs(chosen.folder, "judging"):
            Image.fromarray(pixels).save(chosen.held_out / f"{name.replace('/', '-')}.png")
        return
    began = time.process_time()
    records, left = fitted(chosen.folder, RUNS)
    chosen.target.write_bytes(records)
    packages = json.loads(PHOTOGRAPHS.read_text("utf-8"))
    provenance = {
        "script": "bench/fit_x4plus.py",
        "sha256": hashlib.sha256(records).hexdigest(),
        "source": {"model": WHOLE.name, "licence": WHOLE.licence, "bin_sha256": WHOLE.bin_sha256},
        "blocks_left_out": RUNS,
        "left_of_their_change": left,
        "photographs": [
            {
                "package": f"{one['name']} {one['version']}",
                "licence": one["licence"],
                "count": len(one["fitting"]),
            }
            for one in packages
        ],
        "crops": _CROPS * sum(len(one["fitting"]) for one in packages),
        "seed": _SEED,
        "processor_seconds": round(time.process_time() - began),
    }
    chosen.target.with_suffix(".json").write_text(json.dumps(provenance, indent=1) + "\n", "utf-8")
    print(json.dumps(provenance, indent=1))


if __name__ == "__main__":
    main()
