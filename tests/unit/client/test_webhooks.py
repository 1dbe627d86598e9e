from __future__ import annotations

import json

import pytest

from upscaler.client import WebhookRejected, verify_webhook
from upscaler.services.notifications import signing

SECRET = signing.derive("a secret key of the service")
OTHER = signing.derive("another one")
BODY = json.dumps({"type": "job.completed", "data": {"job_id": "job_1"}}).encode()
NOW = 1_700_000_000


def headers(*secrets: str) -> dict[str, str]:
    return signing.headers("msg_1", NOW, BODY, list(secrets or [SECRET]))


def test_a_message_of_the_service_is_accepted():
    assert verify_webhook(BODY, headers(), SECRET, now=NOW)["data"]["job_id"] == "job_1"


def test_the_case_of_headers_does_not_matter():
    shouted = {name.upper(): value for name, value in headers().items()}
    assert verify_webhook(BODY, shouted, SECRET, now=NOW)["type"] == "job.completed"


def test_either_secret_will_do_while_the_operator_changes_it():
    for secret in (SECRET, OTHER):
        assert verify_webhook(BODY, headers(SECRET, OTHER), secret, now=NOW)


@pytest.mark.parametrize(
    ("body", "change", "reason"),
    [
        (BODY + b" ", {}, "signature"),
        (BODY, {"webhook-id": "msg_2"}, "signature"),
        (BODY, {"webhook-timestamp": str(NOW + 1)}, "signature"),
        (BODY, {"webhook-signature": "v1,\u00e4"}, "signature"),
        (BODY, {"webhook-signature": ""}, "signature"),
        (BODY, {"webhook-timestamp": "soon"}, "cannot be read"),
        (BODY, {"webhook-timestamp": "-5"}, "cannot be read"),
    ],
)
def test_what_was_altered_is_rejected(body, change, reason):
    with pytest.raises(WebhookRejected, match=reason):
        verify_webhook(body, {**headers(), **change}, SECRET, now=NOW)


def test_another_version_of_signatures_is_not_believed():
    signature = headers()["webhook-signature"].replace("v1,", "v2,")
    with pytest.raises(WebhookRejected, match="signature"):
        verify_webhook(BODY, {**headers(), "webhook-signature": signature}, SECRET, now=NOW)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(missing):
    given = headers()
    del given[missing]
    with pytest.raises(WebhookRejected, match=missing):
        verify_webhook(BODY, given, SECRET, now=NOW)


@pytest.mark.parametrize(("age", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_message_has_its_time(age, accepted):
    if accepted:
        assert verify_webhook(BODY, headers(), SECRET, now=NOW + age)
    else:
        with pytest.raises(WebhookRejected, match="too old"):
            verify_webhook(BODY, headers(), SECRET, now=NOW + age)


def test_the_clock_counts_by_default():
    with pytest.raises(WebhookRejected, match="too old"):
        verify_webhook(BODY, headers(), SECRET)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!"])
def test_a_secret_that_is_none_is_an_error_of_the_caller(secret):
    with pytest.raises(ValueError, match="secret"):
        verify_webhook(BODY, headers(), secret, now=NOW)
