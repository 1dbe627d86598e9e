from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, read_graph
from upscaler.engine.model_zoo.pruning import HALF_FLOATS, RECORD_BYTES, Run, without_blocks
from upscaler.engine.model_zoo.weights import find_weights

FILES = find_weights(MODELS["realesrgan-x4plus-anime"])
KERNELS = np.random.default_rng(0).normal(size=(2, 64, 64, 3, 3)).astype(np.float16)
BIASES = np.random.default_rng(1).normal(size=(2, 64)).astype(np.float32)
RECORDS = b"".join(
    np.array([HALF_FLOATS], "<u4").tobytes() + kernel.tobytes() + bias.tobytes()
    for kernel, bias in zip(KERNELS, BIASES, strict=True)
)


def _pruned(folder: Path, *runs: Run) -> Graph:
    made = without_blocks(FILES.param, FILES.bin, runs, RECORDS[: RECORD_BYTES * len(runs)])
    param, weights = folder / "net.param", folder / "net.bin"
    param.write_text(made.param, "ascii")
    weights.write_bytes(made.bin)
    return read_graph(param, weights)


def test_the_convolutions_stand_where_the_blocks_stood(tmp_path: Path) -> None:
    whole = read_graph(FILES.param, FILES.bin)

    pruned = _pruned(tmp_path, Run(1, 1), Run(3, 4))

    added = [layer for layer in pruned.layers if layer.name.startswith("fitted")]
    for layer, kernel, bias in zip(added, KERNELS, BIASES, strict=True):
        assert np.array_equal(layer.weights["weight"], kernel.astype(np.float32))
        assert np.array_equal(layer.weights["bias"], bias)
    # Three blocks of 43 layers, with the Split behind each; two convolutions.
    assert len(pruned.layers) == len(whole.layers) - 3 * 43 + 2
    kept = {layer.name: layer for layer in whole.layers}
    for layer in pruned.layers:
        if layer not in added:
            assert layer.inputs == kept[layer.name].inputs
            assert all(
                np.array_equal(array, kept[layer.name].weights[name]) for name, array in layer.weights.items()
            )


def test_every_layer_reads_what_a_layer_before_it_wrote(tmp_path: Path) -> None:
    written: set[str] = set()
    for layer in _pruned(tmp_path, Run(1, 1), Run(3, 4)).layers:
        assert written.issuperset(layer.inputs)
        written.update(layer.outputs)


@pytest.mark.parametrize("runs", [[Run(6, 6)], [Run(4, 3)], [Run(0, 1)], [Run(3, 4), Run(1, 1)]], ids=str)
def test_blocks_that_are_not_there_are_refused(tmp_path: Path, runs: list[Run]) -> None:
    with pytest.raises(GraphError):
        _pruned(tmp_path, *runs)


def test_as_many_convolutions_as_runs_are_wanted() -> None:
    with pytest.raises(GraphError):
        without_blocks(FILES.param, FILES.bin, [Run(1, 1)], RECORDS)


def test_a_network_with_other_weights_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.bin"
    short.write_bytes(FILES.bin.read_bytes()[:-4])

    with pytest.raises(GraphError):
        without_blocks(FILES.param, short, [Run(1, 1)], RECORDS[:RECORD_BYTES])
