from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.mnn import needs_mnn
from tests.support.small_models import write_onnx
from upscaler.engine.backends.mnn_library import Network, convert, first_shape
from upscaler.engine.model_zoo.ncnn_graph import GraphError

pytestmark = needs_mnn


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a converted model that repeats each pixel, a little blurred."""
    convert(write_onnx(tmp_path / "a.onnx"), tmp_path / "a.mnn")
    return tmp_path / "a.mnn"


@pytest.mark.parametrize("winograd", [True, False])
def test_a_network_runs_sizes_in_any_order_and_keeps_earlier_results(small: Path, winograd: bool) -> None:
    network = Network(small, first_shape(3), winograd=winograd)
    window = np.random.default_rng(3).random((1, 3, 9, 14), dtype=np.float32)

    first = network.run(window)
    kept = first.copy()
    other = network.run(np.full((1, 3, 6, 5), 0.25, np.float32))

    assert (first.shape, other.shape) == ((1, 3, 18, 28), (1, 3, 12, 10))
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_allclose(other[..., 2:-2, 2:-2], 0.25, rtol=1e-5)
    np.testing.assert_array_equal(network.run(window), kept)


def test_nothing_is_printed_on_standard_output(small: Path) -> None:
    code = f"""
import numpy as np
from pathlib import Path
from upscaler.engine.backends.mnn_library import Network, convert, first_shape
convert(Path({str(small.with_suffix(".onnx"))!r}), Path({str(small.with_name("again.mnn"))!r}))
network = Network(Path({str(small)!r}), first_shape(3))
print(network.run(np.zeros((1, 3, 40, 50), np.float32)).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "(1, 3, 80, 100)\n"


@pytest.mark.parametrize("spare", [20_000_000, 200_000_000])
def test_a_lack_of_memory_is_an_error_and_a_new_network_works(small: Path, spare: int) -> None:
    # In a process of its own, because the rest of this one would have some memory to give back.
    code = f"""
import resource, numpy as np
from pathlib import Path
from upscaler.engine.backends.mnn_library import Network, first_shape
network = Network(Path({str(small)!r}), first_shape(3))
window = np.zeros((1, 3, 3000, 3000), np.float32)
in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + {spare},) * 2)
try:
    network.run(window)
except MemoryError as error:
    print(error)
network = Network(Path({str(small)!r}), first_shape(3))
print(network.run(window[:, :, :30, :40]).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout == "MNN could not allocate memory\n(1, 3, 60, 80)\n", done.stderr


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no model")

    with pytest.raises(GraphError, match="could not convert"):
        convert(tmp_path / "a.onnx", tmp_path / "a.mnn")


def test_a_file_that_cannot_be_loaded_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.mnn").write_bytes(b"")

    with pytest.raises(RuntimeError, match=r"could not load a\.mnn"):
        Network(tmp_path / "a.mnn", first_shape(3))


def test_a_model_of_one_size_begins_with_it() -> None:
    assert first_shape(3) == (1, 3, 128, 128)
    assert first_shape(1, 512) == (1, 1, 512, 512)
