"""Connections over real sockets: time, rates, and bodies that are refused while they are being sent."""

from __future__ import annotations

import socket
import time

import pytest
from waitress.channel import HTTPChannel

from tests.support.socket_server import LARGE, MOST_BODY, answer, get, post, seconds_until_closed
from upscaler.server.connections import Connection
from upscaler.server.serving import Server


def test_it_answers_again_and_again_on_one_connection(connect) -> None:
    client = connect()
    for size in (0, 10, MOST_BODY):
        client.sendall(post(size) + b"a" * size)
        assert answer(client) == (200, f"{size} ".encode())


def test_a_connection_that_says_nothing_is_closed(connect) -> None:
    assert 0.5 < seconds_until_closed(connect()) < 10


def test_a_connection_between_two_requests_is_kept_for_longer(connect) -> None:
    client = connect()
    client.sendall(get())
    answer(client)
    assert 1.5 < seconds_until_closed(client) < 10


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nX: ", post(MOST_BODY)])
def test_a_request_that_trickles_in_is_closed(connect, begin: bytes) -> None:
    client = connect()
    client.sendall(begin)
    begun = time.monotonic()
    with pytest.raises(OSError, match=r"reset|pipe|timed out"):
        trickle(client, 15)
    assert time.monotonic() - begun < 10


def test_a_body_that_is_slow_but_fast_enough_is_received(connect) -> None:
    client = connect()
    client.sendall(post(6000))
    for _ in range(12):
        client.sendall(b"a" * 500)
        time.sleep(0.2)
    assert answer(client)[0] == 200


def test_a_large_response_arrives_whole(connect) -> None:
    client = connect()
    client.sendall(get("/large"))
    status, body = answer(client)
    assert (status, len(body)) == (200, LARGE)


def test_a_large_file_is_sent_in_pieces_and_others_get_their_turn(
    connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    sent_at_once: list[int] = []
    send, flush = HTTPChannel.send, HTTPChannel._flush_some

    def noted_send(self: HTTPChannel, data: bytes, do_close: bool = True) -> int:
        pieces.append(len(data))
        return send(self, data, do_close=do_close)

    def noted_flush(self: Connection, do_close: bool = True) -> bool:
        before = self._sent
        try:
            return flush(self, do_close=do_close)
        finally:
            sent_at_once.append(self._sent - before)

    monkeypatch.setattr(HTTPChannel, "send", noted_send)
    monkeypatch.setattr(HTTPChannel, "_flush_some", noted_flush)
    client = connect()
    client.sendall(get("/file"))
    assert answer(client) == (200, b"x" * LARGE)
    assert sum(sent_at_once) > LARGE
    assert max(pieces) <= 1 << 17
    assert max(sent_at_once) < (1 << 20) + (1 << 17)


def test_a_server_that_stops_closes_the_files_of_open_connections(connect, server: Server) -> None:
    reader = connect()
    reader.sendall(get("/large"))
    assert answer(reader)[0] == 200
    sender = connect()
    sender.sendall(post(MOST_BODY) + b"a" * (MOST_BODY - 1))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        channels = list(server.active_channels.values())
        if any(
            channel.request and channel.request.body_bytes_received == MOST_BODY - 1 for channel in channels
        ):
            break
        time.sleep(0.01)
    files = [channel.outbufs[-1].getfile() for channel in channels if channel.request is None]
    files += [channel.request.body_rcv.getfile() for channel in channels if channel.request is not None]
    assert [file.closed for file in files] == [False, False]
    server.stop()
    assert seconds_until_closed(sender) < 10
    assert seconds_until_closed(reader) < 10
    assert [file.closed for file in files] == [True, True]


def test_who_sends_too_much_reads_why_while_still_sending(connect) -> None:
    client = connect()
    client.sendall(post(10_000_000))
    # More than the buffers of both sides hold: an answer that closed the connection at once would be lost.
    client.settimeout(10)
    client.sendall(b"GET /late HTTP/1.1\r\n\r\n" * 200_000)
    assert answer(client) == (413, b"0 too_large")
    client.shutdown(socket.SHUT_WR)
    assert seconds_until_closed(client) < 5


def trickle(client: socket.socket, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        client.sendall(b"a")
        time.sleep(0.2)
