"""Requests that wait for a thread, in turns between those who sent them."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any


class FairQueue:
    """A queue of connections whose requests wait: one of each group in turn, and each group's in their order.

    It has the methods of a ``deque`` that waitress uses, under a lock of waitress's own.
    """

    def __init__(self) -> None:
        self._groups: OrderedDict[str, deque[Any]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def append(self, connection: Any) -> None:
        """Add a connection, behind the others of its group."""
        self._groups.setdefault(connection.group, deque()).append(connection)
        self._count += 1

    def popleft(self) -> Any:
        """Remove and return the next connection; raise ``KeyError`` where none waits."""
        group, waiting = self._groups.popitem(last=False)
        connection = waiting.popleft()
        if waiting:
            self._groups[group] = waiting
        self._count -= 1
        return connection
