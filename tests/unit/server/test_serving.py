"""The server over real sockets: numbers of connections, threads, and an end that breaks nothing off."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest

from tests.support.socket_server import MOST_BODY, SHORT, answer, get, post, seconds_until_closed, serving
from upscaler.server.serving import Server


def test_clients_that_do_not_read_hold_no_thread_and_are_closed(connect, server: Server) -> None:
    deaf = [connect() for _ in range(6)]
    for client in deaf:
        client.sendall(get("/large"))
    other = connect("127.0.0.2")
    begun = time.monotonic()
    other.sendall(get())
    assert answer(other)[0] == 200
    assert time.monotonic() - begun < 5
    deadline = time.monotonic() + 15
    while len(server.active_channels) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(server.active_channels) <= 1


def test_bodies_that_arrive_at_the_same_time_have_a_limit_together(connect) -> None:
    waiting = [connect() for _ in range(2)]
    for client in waiting:
        client.sendall(post(MOST_BODY))
    time.sleep(0.3)
    third = connect()
    third.sendall(post(1000))
    assert answer(third) == (413, b"0 busy")
    for client in waiting:
        client.sendall(b"a" * MOST_BODY)
        assert answer(client)[0] == 200
    fourth = connect()
    fourth.sendall(post(1000) + b"a" * 1000)
    assert answer(fourth)[0] == 200


def test_one_address_has_so_many_connections_and_others_are_not_concerned(connect) -> None:
    clients = [connect() for _ in range(SHORT.per_address)]
    more = connect()
    assert seconds_until_closed(more) < 1
    other = connect("127.0.0.2")
    other.sendall(get())
    assert answer(other)[0] == 200
    clients[0].close()
    time.sleep(0.3)
    again = connect()
    again.sendall(get())
    assert answer(again)[0] == 200


def test_a_full_server_makes_room_at_the_cost_of_who_has_most() -> None:
    with serving(replace(SHORT, connections=10, per_address=0, header_seconds=20)) as server:
        address = ("127.0.0.1", int(server.effective_port))
        many = [socket.create_connection(address, timeout=20) for _ in range(9)]
        single = socket.create_connection(address, timeout=20, source_address=("127.0.0.2", 0))
        time.sleep(0.3)
        late = socket.create_connection(address, timeout=20, source_address=("127.0.0.3", 0))
        late.sendall(get())
        assert answer(late)[0] == 200
        assert seconds_until_closed(many[0]) < 2
        single.sendall(get())
        assert answer(single)[0] == 200
        for client in (*many, single, late):
            client.close()


def test_it_ends_with_the_requests_that_are_being_handled() -> None:
    with serving() as server:
        address = ("127.0.0.1", int(server.effective_port))
        busy, idle = (socket.create_connection(address, timeout=20) for _ in range(2))
        busy.sendall(get("/late"))
        time.sleep(0.2)
        server.stop()
        assert answer(busy)[0] == 200
        assert seconds_until_closed(idle) < 5
        idle.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        busy.close()
