from __future__ import annotations

import pytest

from tests.support.scripted import breaks_off, hangs_up, says
from tests.support.service import free_port
from upscaler.client import ApiError, Client, ClientError, ServerUnreachable

HEALTH = {"status": "ok"}


def test_a_request_names_the_client_its_language_and_its_token(script):
    server = script(says(200, HEALTH))
    with Client(server.url + "/", token="upk_abc", language="ar") as client:
        assert client.health() == HEALTH
    [request] = server.requests
    assert request.path == "/api/v1/health"
    assert request.headers["Authorization"] == "Bearer upk_abc"
    assert request.headers["Accept-Language"] == "ar"
    assert request.headers["User-Agent"].startswith("imageupscalerpro-client/")


@pytest.mark.parametrize("failure", [hangs_up, says(502), says(503), says(504), breaks_off])
def test_failures_that_pass_are_retried(script, pauses, failure):
    server = script(failure, failure, says(200, HEALTH))
    with Client(server.url) as client:
        assert client.health() == HEALTH
    assert pauses == [0.5, 1.0]


def test_a_pause_is_as_long_as_the_server_says_up_to_a_bound(script, pauses):
    server = script(says(503, Retry_After="7"), says(503, Retry_After="3600"), says(200, HEALTH))
    with Client(server.url) as client:
        client.health()
    assert pauses == [7.0, 30.0]


def test_the_first_copy_of_a_repeated_request_is_waited_for(script, pauses):
    busy = says(409, {"code": "request_in_progress", "detail": "Wait."}, Retry_After="1")
    server = script(busy, says(200, HEALTH))
    with Client(server.url) as client:
        assert client.health() == HEALTH
    assert pauses == [1.0]


def test_it_gives_up_after_its_attempts(script, pauses):
    server = script(*[says(503, {"code": "unavailable", "detail": "Soon again."}, Retry_After="2")] * 4)
    with Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.health()
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (503, "unavailable", 2.0)
    assert len(pauses) == 3


def test_a_refusal_is_raised_at_once_with_all_that_the_service_said(script, pauses):
    problem = {"code": "not_an_image", "detail": "Please send an image."}
    server = script(says(415, problem, X_Request_ID="abc"))
    with (
        Client(server.url) as client,
        pytest.raises(ApiError, match=r"Please send an image\. \(415") as caught,
    ):
        client.health()
    assert (caught.value.code, caught.value.request_id, caught.value.retry_after) == (
        "not_an_image",
        "abc",
        None,
    )
    assert pauses == []


def test_what_a_proxy_says_becomes_an_error_too(script):
    server = script(says(418, b"<html>short and stout</html>"), says(400, ["no", "problem"]))
    with Client(server.url) as client:
        with pytest.raises(ApiError, match="answered 418") as caught:
            client.health()
        assert caught.value.code == "http_error"
        with pytest.raises(ApiError, match="answered 400"):
            client.health()


def test_another_address_is_named_and_not_followed(script):
    server = script(says(301, b"", Location="https://images.example.org/"))
    with (
        Client(server.url, token="upk_secret") as client,
        pytest.raises(ApiError, match=r"https://images\.example\.org/"),
    ):
        client.health()


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1]"])
def test_something_else_than_the_service_is_noticed(script, body):
    server = script(says(200, body))
    with Client(server.url) as client, pytest.raises(ClientError, match="not an ImageUpscalerPro service"):
        client.health()


def test_a_server_that_is_down_is_unreachable(pauses):
    with (
        Client(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(ServerUnreachable, match="No response"),
    ):
        client.health()
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("address", ["images.example.org", "ftp://example.org"])
def test_an_address_that_is_none_is_reported_at_once(address, pauses):
    with pytest.raises(ServerUnreachable, match="no address"), Client(address) as client:
        client.health()
    assert pauses == []


@pytest.mark.parametrize(
    "wrong", [{"token": "upk_\u00e4"}, {"token": "a\nb"}, {"token": ""}, {"attempts": 0}]
)
def test_settings_that_cannot_be_used_are_refused(wrong):
    with pytest.raises(ValueError, match=r"token|attempt"):
        Client("http://127.0.0.1", **wrong)
