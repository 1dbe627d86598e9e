"""Write the references of the self-test anew: what each model makes of the known image, in float32.

To be run when the catalogue or the known image changes. It first asks a second engine, and writes nothing where the
two disagree.
"""

from __future__ import annotations

import base64
import json

import numpy as np

from upscaler.engine.backends.golden import GOLDEN_FILE, TOLERANCES, key_of, summary
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.self_test import known_result
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.settings import EngineSettings


def main() -> None:
    """Compute, compare and write."""
    settings = EngineSettings()
    first, second = OpenVinoBackend(settings, "fp32"), NcnnCpuBackend(settings)
    references = {}
    for model in MODELS.values():
        ours, theirs = (
            summary(known_result(backend.load(model)), model.scale) for backend in (first, second)
        )
        worst = int(np.abs(ours.astype(int) - theirs).max())
        if worst > TOLERANCES["fp32"].worst:
            raise SystemExit(f"{model.name}: OpenVINO and ncnn differ by {worst} levels.")
        references[key_of(model)] = base64.b64encode(ours.tobytes()).decode("ascii")
    GOLDEN_FILE.write_text(json.dumps(references, indent=1) + "\n", "ascii")
    print(f"{len(references)} references, {GOLDEN_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
