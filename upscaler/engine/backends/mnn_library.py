"""The library MNN: its import, its converter and its sessions, none of which may print on standard output."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.model_zoo.ncnn_graph import GraphError

Planes = NDArray[np.float32]

_STDOUT = 1
# What the converter of the package does, without the package's own script, which reports its use to a server.
_CONVERTER = "import sys, _tools; sys.exit(not _tools.mnnconvert(['mnnconvert', *sys.argv[1:]]))"
_CONVERTER_SECONDS = 300
# The code of ``runSession`` where memory could not be allocated. It raises nothing, and the output is zeros.
_NO_MEMORY = 3
# MNN chooses the layout of its convolutions at the first size and keeps it: one that suits windows.
_FIRST_SIDE = 128
_WINOGRAD_HINT = 3


class _Silence:
    """Standard output, dropped while native code runs that may print on it: an image or messages may go there.

    Several threads may be in it at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept = -1
        self._libc = ctypes.CDLL(None)

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._libc.fflush(None)
                self._kept = os.dup(_STDOUT)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, _STDOUT)
                os.close(nowhere)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                # Unless standard output is a terminal, native code fills a buffer, which would be written later.
                self._libc.fflush(None)
                os.dup2(self._kept, _STDOUT)
                os.close(self._kept)


_silence = _Silence()


def library() -> Any:
    """Import MNN; raise ``ImportError`` where it is not installed."""
    with _silence:
        import MNN  # noqa: PLC0415 - heavy, and not installed everywhere
    return MNN


def convert(source: Path, target: Path) -> None:
    """Write an ONNX file in MNN's own format; in a process of its own, which a broken file may end.

    Raises:
        GraphError: MNN does not read it.

    """
    files = ["-f", "ONNX", "--modelFile", str(source), "--MNNModel", str(target), "--bizCode", "x"]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CONVERTER, *files],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_CONVERTER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GraphError("MNN took too long to convert it") from error
    if done.returncode != 0 or not target.is_file():
        raise GraphError(f"MNN could not convert it, and ended with {done.returncode}")


class Network:
    """A model in memory, on one thread. One thread at a time may run it, and none after it has failed.

    Args:
        path: of the converted model.
        shape: of its first input: (1, channels, height, width).
        threads: that it may use.
        winograd: whether convolutions are computed the fast way, which takes four times the memory.
    """

    def __init__(
        self, path: Path, shape: tuple[int, int, int, int], *, threads: int = 1, winograd: bool = True
    ) -> None:
        self._mnn = library()
        with _silence:
            # An interpreter of its own for each session: those of one interpreter are not independent.
            try:
                self._interpreter = self._mnn.Interpreter(str(path))
            except Exception as error:  # of no class of its own, whether memory or the file is to blame
                raise RuntimeError(f"MNN could not load {path.name}") from error
            if not winograd:
                self._interpreter.setSessionHint(_WINOGRAD_HINT, 0)
            self._session = self._interpreter.createSession(
                {"numThread": threads, "backend": "CPU", "precision": "high"}
            )
            self._shape: tuple[int, ...] = ()
            self._resize(shape)

    def run(self, planes: Planes) -> Planes:
        """Return the output for an input, both float32 and (1, channels, height, width).

        Raises:
            MemoryError: there is too little memory.
            RuntimeError: it fails.

        """
        with _silence:
            if planes.shape != self._shape:
                self._resize(planes.shape)
            self._interpreter.getSessionInput(self._session).copyFrom(self._tensor(planes))
            code = self._interpreter.runSession(self._session)
            if code == _NO_MEMORY:
                raise _no_memory()
            if code != 0:
                raise RuntimeError(f"MNN ended with code {code}")
            output = self._interpreter.getSessionOutput(self._session)
            host = self._tensor(np.empty(output.getShape(), np.float32))
            output.copyToHostTensor(host)
            return np.array(host.getNumpyData(), np.float32).reshape(output.getShape())

    def _resize(self, shape: tuple[int, ...]) -> None:
        # Whatever happens, the next run sets the size again.
        self._shape = ()
        self._interpreter.resizeTensor(self._interpreter.getSessionInput(self._session), shape)
        self._interpreter.resizeSession(self._session)
        self._shape = shape

    def _tensor(self, values: Planes) -> Any:
        try:
            return self._mnn.Tensor(
                values.shape, self._mnn.Halide_Type_Float, values, self._mnn.Tensor_DimensionType_Caffe
            )
        except TypeError as error:
            # Where it cannot allocate its own copy it says that the data cannot be loaded.
            raise _no_memory() from error


def _no_memory() -> MemoryError:
    return MemoryError("MNN could not allocate memory")


def first_shape(channels: int, side: int = 0) -> tuple[int, int, int, int]:
    """Return the shape that a network is made with; ``side`` where it takes no other, in pixels."""
    side = side or _FIRST_SIDE
    return (1, channels, side, side)
