"""Requests as they arrive: bodies that are too long, or for which there is no room, are not received."""

from __future__ import annotations

import pytest
from waitress.adjustments import Adjustments

from upscaler.server.requests import BUSY, TOO_LARGE, Request

MOST = 1000


class Room:
    """Rules with room for so many bytes."""

    def __init__(self, room: int = 10 * MOST) -> None:
        self.room = room

    def most_body_bytes(self, method: str, path: str) -> int:
        return MOST if (method, path) == ("POST", "/long") else 10

    def reserve(self, size: int) -> bool:
        if size > self.room:
            return False
        self.room -= size
        return True


def received(*parts: bytes, room: Room | None = None) -> Request:
    request = Request(Adjustments(max_request_body_size=1 << 60), room or Room())
    for part in parts:
        assert request.received(part) == len(part)
    return request


def post(length: int, path: str = "/long") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_body_is_received_to_its_end() -> None:
    room = Room()
    request = received(post(MOST), b"a" * (MOST - 1), room=room)
    assert (request.completed, request.headers_ended is None) == (False, False)
    assert room.room == 9 * MOST
    request.received(b"b")
    assert (request.completed, request.refused) == (True, "")
    assert request.get_body_stream().read() == b"a" * (MOST - 1) + b"b"
    request.close()
    request.close()
    assert room.room == 10 * MOST


@pytest.mark.parametrize(("length", "path"), [(MOST + 1, "/long"), (11, "/short"), (10**18, "/long")])
def test_a_body_that_is_too_long_for_its_route_is_refused_before_it_arrives(length: int, path: str) -> None:
    request = received(post(length, path) + b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n")
    assert (request.completed, request.refused) == (True, TOO_LARGE)
    assert request.headers["CONTENT_LENGTH"] == str(length)
    assert request.headers["CONNECTION"] == "close"
    assert request.get_body_stream().read() == b""


def test_a_body_of_unknown_length_is_refused_once_it_is_too_long() -> None:
    room = Room()
    head = b"POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    part = b"190\r\n" + b"a" * 400 + b"\r\n"
    request = received(head, part, part, room=room)
    assert not request.completed
    assert room.room == 9 * MOST
    assert request.received(part + part) == 2 * len(part)
    assert (request.completed, request.refused) == (True, TOO_LARGE)
    assert int(request.headers["CONTENT_LENGTH"]) > MOST
    assert room.room == 10 * MOST


def test_a_body_for_which_there_is_no_room_is_refused() -> None:
    request = received(post(MOST), room=Room(MOST - 1))
    assert (request.completed, request.refused) == (True, BUSY)


def test_a_refused_body_is_not_asked_for() -> None:
    head = post(MOST + 1).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert received(head).expect_continue is False
    head = post(MOST).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert received(head).expect_continue is True
