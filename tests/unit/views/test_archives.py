from __future__ import annotations

import time

from flask import Flask
from flask.testing import FlaskClient

from upscaler.views.archives import archive_key


def test_a_link_to_an_archive_needs_its_signature_and_its_batch(app: Flask, client: FlaskClient) -> None:
    signer = app.extensions["upscaler"].links(3600)
    address = signer.path(archive_key("bat_unknown"), "images.zip", time.time())

    unsigned = client.get(address.partition("?")[0])
    signed = client.get(address)

    assert (unsigned.status_code, unsigned.get_json()["code"]) == (403, "invalid_signature")
    assert (signed.status_code, signed.get_json()["code"]) == (404, "batch_not_found")
