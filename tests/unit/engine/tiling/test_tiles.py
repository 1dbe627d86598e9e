from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.backends.windows import run_window, to_levels
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.tiling.tiles import (
    Span,
    core_of,
    core_side,
    cut_evenly,
    edge_for,
    margin_for,
    read_window,
    spans,
)
from upscaler.errors import OutputRejected

PHOTO = MODELS["waifu2x-upconv7-photo"]
CUNET = MODELS["waifu2x-cunet"]
X4PLUS = MODELS["realesrgan-x4plus"]


class Copying(LoadedModel):
    """Repeats each pixel and drops the border, as its model's geometry says, and notes what it was given."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.given: list[tuple[int, ...]] = []

    def run(self, window: Window) -> Result:
        self.given.append(window.shape)
        border = self.model.border
        inner = window[border : window.shape[0] - border, border : window.shape[1] - border]
        return inner.repeat(self.model.scale, 0).repeat(self.model.scale, 1).astype(np.float32)


# The machine that runs the tests may be busy: time is no property of these functions.
@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 600), st.integers(0, 60), st.integers(0, 20))
def test_cores_cover_a_side_once_and_are_balanced(side: int, core: int, margin: int, edge: int) -> None:
    cut = spans(side, core, margin, edge)

    assert [span.start for span in cut] == [0, *(span.stop for span in cut[:-1])]
    assert cut[-1].stop == side
    lengths = [span.stop - span.start for span in cut]
    assert max(lengths) <= core
    assert max(lengths) - min(lengths) <= 1
    assert all(-edge <= span.read_start <= span.start for span in cut)
    assert all(span.stop <= span.read_stop <= side + edge for span in cut)


def test_margins_of_a_chain_add_up_in_input_pixels() -> None:
    assert margin_for([PHOTO]) == 7
    assert margin_for([PHOTO, PHOTO]) == 11  # 7 + 7 / 2
    assert edge_for([X4PLUS]) == 10
    assert edge_for([MODELS["waifu2x-cunet-1x-n1"], X4PLUS]) == 28 + 10


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(32, 600), st.integers(0, 60))
def test_one_stream_gets_as_few_windows_as_the_core_permits(
    height: int, width: int, core: int, margin: int
) -> None:
    rows, columns = cut_evenly((height, width), core, margin, 10, 1)

    assert (len(rows), len(columns)) == (
        len(spans(height, core, margin, 10)),
        len(spans(width, core, margin, 10)),
    )


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(32, 600), st.integers(2, 5))
def test_several_streams_take_no_longer_than_with_the_fewest_windows(
    height: int, width: int, core: int, streams: int
) -> None:
    def seconds(cut: tuple[list[Span], list[Span]]) -> int:
        (rows, columns), rounds = cut, -(-len(cut[0]) * len(cut[1]) // streams)
        longest = [max(span.read_stop - span.read_start for span in axis) for axis in (rows, columns)]
        return rounds * longest[0] * longest[1]

    rows, columns = cut_evenly((height, width), core, 28, 10, streams)

    assert seconds((rows, columns)) <= seconds(cut_evenly((height, width), core, 28, 10, 1))
    for cut, side in ((rows, height), (columns, width)):
        assert [span.start for span in cut] == [0, *(span.stop for span in cut[:-1])]
        assert cut[-1].stop == side
        assert max(span.stop - span.start for span in cut) <= core


def test_an_image_of_one_window_is_shared_out_unless_it_is_tiny() -> None:
    rows, columns = cut_evenly((400, 300), 440, 28, 10, 2)
    assert (len(rows), len(columns)) == (2, 1)

    assert [len(cut) for cut in cut_evenly((50, 40), 440, 28, 10, 2)] == [1, 1]


def test_a_core_is_what_the_window_leaves() -> None:
    assert core_side(400, 32) == 336
    assert core_side(400, 32, wanted=100) == 100
    assert core_side(400, 32, wanted=1000) == 336
    assert core_side(60, 32) == 32


def test_a_window_is_reflected_beyond_the_image() -> None:
    image = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)

    window = read_window(image, Span(0, 5, -2, 6), Span(1, 4, 0, 4))

    np.testing.assert_array_equal(window, np.pad(image, ((2, 1), (0, 0), (0, 0)), mode="reflect"))
    assert window.flags.c_contiguous


def test_a_tiny_image_is_extended_by_its_edge() -> None:
    image = np.arange(2 * 1 * 3, dtype=np.uint8).reshape(2, 1, 3)

    window = read_window(image, Span(0, 2, -7, 9), Span(0, 1, -7, 8))

    np.testing.assert_array_equal(window, np.pad(image, ((7, 7), (7, 7), (0, 0)), mode="edge"))


@pytest.mark.parametrize("model", [PHOTO, CUNET, MODELS["waifu2x-cunet-1x-n1"]], ids=lambda model: model.name)
def test_no_model_sees_a_window_below_its_minimum(model: Model) -> None:
    loaded = Copying(model)
    side = 2 * model.border + 3

    result = run_window(loaded, np.full((side, side + 1, 3), 9, np.uint8))

    assert all(length >= model.minimum_side for length in loaded.given[0][:2])
    assert all(length % model.multiple == 0 for length in loaded.given[0][:2])
    assert result.shape == (3 * model.scale, 4 * model.scale, 3)
    assert (result == 9).all()


class Broken(Copying):
    def __init__(self, model: Model, spoil: str) -> None:
        super().__init__(model)
        self.spoil = spoil

    def run(self, window: Window) -> Result:
        result = super().run(window)
        if self.spoil == "shape":
            return result[:0]
        result[0, 0, 0] = np.nan if self.spoil == "nan" else np.inf
        return result


@pytest.mark.parametrize("spoil", ["shape", "nan", "inf"])
def test_a_broken_result_is_rejected(spoil: str) -> None:
    with pytest.raises(OutputRejected, match=X4PLUS.name):
        run_window(Broken(X4PLUS, spoil), np.zeros((8, 8, 3), np.uint8))


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(20, 60),
    st.sampled_from([(PHOTO,), (PHOTO, PHOTO), (CUNET,), (MODELS["waifu2x-cunet-1x-n1"], X4PLUS)]),
)
def test_cores_of_all_windows_make_up_the_image(
    height: int, width: int, core: int, chain: tuple[Model, ...]
) -> None:
    image = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    scale = int(np.prod([model.scale for model in chain]))
    out = np.zeros((height * scale, width * scale, 3), np.uint8)
    margin, edge = margin_for(chain), edge_for(chain)

    for row in spans(height, core, margin, edge):
        for column in spans(width, core, margin, edge):
            window = read_window(image, row, column)
            for model in chain:
                result = run_window(Copying(model), window)
                window = to_levels(result)
            part = core_of(result, chain, row, column)
            out[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale] = part

    np.testing.assert_array_equal(out, image.repeat(scale, 0).repeat(scale, 1))


def test_levels_are_rounded_and_clipped() -> None:
    assert to_levels(np.array([-3.0, 0.4, 0.6, 254.6, 300.0], np.float32)).tolist() == [0, 0, 1, 255, 255]
