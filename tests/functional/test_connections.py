"""Connections that clients and proxies keep for their next request."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from tests.support.service import LiveService


def test_a_connection_that_rests_for_a_while_still_serves(live_service: LiveService) -> None:
    connection = http.client.HTTPConnection(urlsplit(live_service.url).netloc, timeout=60)
    try:
        for pause in (0, 6):
            time.sleep(pause)
            connection.request("GET", "/api/v1/health")
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
            # It closes itself when the answer says that the server will do so.
            assert connection.sock is not None
    finally:
        connection.close()
