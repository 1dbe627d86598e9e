from __future__ import annotations

import base64
from datetime import datetime, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from upscaler.services.notifications import signing

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = '{"type":"job.completed","name":"صورة"}'.encode()


def now() -> int:
    return int(datetime.now(timezone.utc).timestamp())


def test_a_library_that_we_did_not_write_accepts_the_signature() -> None:
    headers = signing.headers("msg_1", now(), BODY, [SECRET])

    assert Webhook(SECRET).verify(BODY, headers) == {"type": "job.completed", "name": "صورة"}


@pytest.mark.parametrize("changed", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_it_refuses_what_was_changed(changed: str) -> None:
    sent_at = now()
    headers = signing.headers("msg_1", sent_at, BODY, [SECRET])
    if changed in headers:
        headers[changed] = {"webhook-id": "msg_2", "webhook-timestamp": str(sent_at - 1)}[changed]

    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(OTHER if changed == "secret" else SECRET).verify(
            BODY + b" " if changed == "body" else BODY, headers
        )


def test_while_the_secret_changes_both_fit() -> None:
    headers = signing.headers("msg_1", now(), BODY, [OTHER, SECRET])

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(BODY, headers)


def test_a_secret_is_derived_from_a_key_and_does_not_show_it() -> None:
    derived = signing.derive("a key")

    assert derived == signing.derive("a key") != signing.derive("another key")
    assert len(base64.b64decode(derived.removeprefix("whsec_"))) == 32
    assert "a key" not in derived
