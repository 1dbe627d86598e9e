"""A TCP proxy that stands between the service and one of its servers, and misbehaves when asked to."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import re
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.support.service import free_port

Result = TypeVar("Result")

_BLOCK_BYTES = 1 << 16
_REFUSAL = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/xml\r\nContent-Length: 52\r\n"
    b"Connection: close\r\n\r\n<Error><Code>InternalError</Code><Message/></Error>\r\n"
)
# Closing a socket with this option sends RST in place of FIN.
_AT_ONCE = struct.pack("ii", 1, 0)


class Manner(enum.Enum):
    """Treatment of a connection by the proxy."""

    PASSES = "passes everything on"
    ANSWERS_500 = "answers every HTTP request with 500"
    RESETS = "resets every connection"
    DELAYS = "holds every answer back"


class Proxy:
    """Passes connections to ``target_port`` of this machine on, from a thread of its own.

    Attributes:
        host: the address that it listens on.
        port: the port that it listens on.
    """

    def __init__(self, target_port: int, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, free_port()
        self._target_port = target_port
        self._manner = Manner.PASSES
        self._delay_seconds = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, self.host, self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://{self.host}:{self.port}"

    def behave(self, manner: Manner, delay_seconds: float = 0.0) -> None:
        """Do so from now on; connections that are open are reset where the new manner would not have made them."""
        self._call(self._behave(manner, delay_seconds))

    async def _behave(self, manner: Manner, delay_seconds: float) -> None:
        self._manner, self._delay_seconds = manner, delay_seconds
        if manner in {Manner.ANSWERS_500, Manner.RESETS}:
            self._reset_all()

    async def _stop(self) -> None:
        self._server.close()
        self._reset_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._manner is Manner.RESETS:
                _reset(writer)
            elif self._manner is Manner.ANSWERS_500:
                await _refuse(reader, writer)
            else:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            # One of the two ends is gone, and the other one learns it by the end of its connection.
            _reset(writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers.add(to_server)
        try:
            answers = asyncio.ensure_future(self._copy(from_server, writer, delayed=True))
            try:
                await self._copy(reader, to_server, delayed=False)
                await answers
            finally:
                answers.cancel()
        finally:
            self._writers.discard(to_server)
            to_server.close()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, delayed: bool
    ) -> None:
        while block := await source.read(_BLOCK_BYTES):
            if delayed and self._manner is Manner.DELAYS:
                await asyncio.sleep(self._delay_seconds)
            target.write(block)
            await target.drain()
        if target.can_write_eof():
            with contextlib.suppress(OSError):
                target.write_eof()

    def _reset_all(self) -> None:
        for writer in tuple(self._writers):
            _reset(writer)

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    # A body that is announced is sent only after an answer to that; any other is read, so that the 500 arrives.
    if length is not None and not re.search(rb"(?i)\r\nexpect:", head):
        await reader.readexactly(int(length[1]))
    writer.write(_REFUSAL)
    await writer.drain()
