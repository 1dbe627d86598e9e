"""The compiled parts of a model in OpenVINO, and requests to them that can be paused."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How often ``pause`` is called while a window runs.
_PAUSE_MILLISECONDS = 20


@dataclass
class _Compiled:
    """Compiled parts, and a request to each that is idle."""

    parts: Sequence[Any]
    idle: list[Any] = field(default_factory=list)

    def requests(self) -> list[Any]:
        """Return a request to each part: the idle ones, or new ones."""
        idle, self.idle = self.idle, []
        return idle or [part.create_infer_request() for part in self.parts]


class CompiledParts:
    """The parts of one model, compiled when it is loaded, and once more for runs in a pause of another run.

    A compiled model computes one window at a time, and does not even make a further request until that is done: of a
    large model after seconds. A window must not be canceled for another one either, because a compiled model whose
    request was canceled may fail with a window of another size; so it is compiled anew then.

    Args:
        make: compiles the parts.
        keeps_requests: whether requests keep their memory for the next window.
        ahead: whether they are compiled a second time as soon as the first window runs.
    """

    def __init__(
        self, make: Callable[[], Sequence[Any]], *, keeps_requests: bool = False, ahead: bool = False
    ) -> None:
        self._make = make
        self._keeps_requests = keeps_requests
        self._ahead = ahead
        self._compiled: dict[bool, _Compiled] = {False: _Compiled(make())}
        # One for each of the two: the spare one is compiled in a thread of its own.
        self._locks = {False: threading.Lock(), True: threading.Lock()}
        # The threads in whose runs the parts are in use.
        self._threads: list[int] = []

    @contextmanager
    def requests(self) -> Iterator[list[Any]]:
        """Give a request to each part for one window; they work at once, also in a pause of another run."""
        thread = threading.get_ident()
        spare = thread in self._threads
        compiled = self._get(spare=spare)
        if self._ahead:
            self._ahead = False
            threading.Thread(target=self._get, kwargs={"spare": True}, name="compile", daemon=True).start()
        self._threads.append(thread)
        try:
            requests = compiled.requests()
            yield requests
            if self._keeps_requests:
                compiled.idle = requests
        except BaseException:
            self._compiled.pop(spare, None)
            raise
        finally:
            self._threads.remove(thread)

    def _get(self, *, spare: bool) -> _Compiled:
        """Return the compiled parts; compile them where that was not done, or where they failed."""
        with self._locks[spare]:
            if spare not in self._compiled:
                self._compiled[spare] = _Compiled(self._make())
            return self._compiled[spare]


def given(request: Any, planes: NDArray[np.float32], pause: Callable[[], None]) -> NDArray[np.float32]:
    """Return the output of a request, which overwrites it in its next run; call ``pause`` until it is there."""
    request.start_async([planes], share_inputs=True)
    try:
        while not request.wait_for(_PAUSE_MILLISECONDS):
            pause()
    except BaseException:
        request.cancel()
        with contextlib.suppress(RuntimeError):
            # It reads the planes until it has ended, and reports the cancellation as an error.
            request.wait()
        raise
    output: NDArray[np.float32] = request.get_output_tensor(0).data
    return output
