from __future__ import annotations

import threading

from upscaler.tasks.background import STOP_SECONDS, BackgroundThread


class Working(BackgroundThread):
    def __init__(self) -> None:
        super().__init__("working")
        self.begun = threading.Event()
        self.ended = threading.Event()

    def _work(self) -> None:
        self.begun.set()
        if self._stopping.wait(30):
            self.ended.set()


def test_a_thread_works_until_it_is_stopped() -> None:
    thread = Working()
    thread.start()
    assert thread.begun.wait(30)
    assert not thread.ended.is_set()

    thread.stop()

    assert thread.ended.wait(STOP_SECONDS)


def test_a_thread_that_never_started_can_be_stopped() -> None:
    thread = Working()

    thread.stop()

    assert not thread.begun.is_set()
