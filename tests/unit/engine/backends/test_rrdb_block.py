from __future__ import annotations

import pytest

from upscaler.engine.backends.rrdb_block import first_block
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.ncnn_graph import Graph, GraphError, read_graph
from upscaler.engine.model_zoo.weights import find_weights


def _graph(name: str) -> Graph:
    files = find_weights(MODELS[name])
    return read_graph(files.param, files.bin)


@pytest.mark.parametrize(
    ("name", "blocks"), [("realesrgan-x4plus", 23), ("realesrgan-x4plus-anime", 6)], ids=["photo", "drawing"]
)
def test_a_block_is_its_share_of_the_whole(name: str, blocks: int) -> None:
    part, share = first_block(_graph(name), 3)

    assert sum(layer.kind == "Convolution" for layer in part.layers) == 16
    # Besides the blocks there are the layers that upscale, as much work as two blocks.
    assert 1 / (blocks + 3) < share < 1 / blocks


def test_other_networks_have_none() -> None:
    with pytest.raises(GraphError, match="RRDB"):
        first_block(_graph("waifu2x-cunet"), 3)
