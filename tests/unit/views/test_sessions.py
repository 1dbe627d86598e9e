from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.application import application

PRODUCTION = {
    "FLASK_ENV": "production",
    "SECRET_KEY": "a-key-of-more-than-thirty-two-characters",
    "PUBLIC_URL": "https://example.org",
}


@pytest.mark.parametrize(
    ("settings", "forwarded", "secure"),
    [
        ({}, {}, False),
        # Nobody vouches for the header.
        ({}, {"X-Forwarded-Proto": "https"}, False),
        ({"TRUSTED_PROXIES": "1"}, {"X-Forwarded-Proto": "http"}, False),
        ({"TRUSTED_PROXIES": "1"}, {"X-Forwarded-Proto": "https"}, True),
        ({"TRUSTED_PROXIES": "1"}, {"X-Forwarded-Proto": "https, http"}, False),
        ({"TRUSTED_PROXIES": "2"}, {"X-Forwarded-Proto": "https, http"}, True),
        (PRODUCTION, {}, True),
        ({**PRODUCTION, "TRUSTED_PROXIES": "1"}, {"X-Forwarded-Proto": "https"}, True),
    ],
)
def test_cookies_are_for_encrypted_connections_where_there_is_one(
    tmp_path: Path, settings: dict[str, str], forwarded: dict[str, str], secure: bool
) -> None:
    with application(DATA_DIR=str(tmp_path), **settings) as app:
        client = app.test_client()
        login = client.get("/admin/login", headers=forwarded).headers["Set-Cookie"]
        language = client.post("/language", data={"language": "ar"}, headers=forwarded).headers["Set-Cookie"]

    for cookie, name in ((login, "session"), (language, "locale")):
        attributes = cookie.split("; ")
        assert attributes[0].startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
        assert ("Secure" in attributes) is secure
